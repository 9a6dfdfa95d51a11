import type { Server } from 'node:http';
import { afterAll } from 'vitest';
import { listen } from './listen.ts';

/** Listens until the tests of this file, or of this `describe`, are over. @returns the origin */
export async function listenForTests(server: Server): Promise<string> {
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return await listen(server);
}
