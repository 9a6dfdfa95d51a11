import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Listens on a free port of this machine. @returns the port */
export async function listenOnPort(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** Listens on a free port of this machine. @returns the origin of an HTTP server there */
export async function listen(server: Server): Promise<string> {
  return `http://127.0.0.1:${await listenOnPort(server)}`;
}
