import { request } from 'undici';
import { expect, test } from 'vitest';
import { startHeldServer } from '../support/held-server.ts';
import { guarded } from './support.ts';

test('behind the interceptor a late GET gets company, too, and the other connection is closed', async () => {
  await using server = await startHeldServer();
  const { guard, dispatcher } = guarded({ hedge: { after: 20, ratio: 1 }, budget: false });
  const reasons: string[] = [];
  await (await request(`${server.url}/quick`, { dispatcher })).body.text();
  guard.on('settled', ({ attempts }) => reasons.push(...attempts.map(({ reason }) => reason)));
  const call = request(server.url, { dispatcher });
  const slow = await server.request(1);
  (await server.request(2)).answer(200, 'from the hedge');
  expect(await (await call).body.text()).toBe('from the hedge');
  await slow.closed;
  // Whichever connection was made first.
  expect(reasons.sort()).toEqual(['lost', 'success']);
  await dispatcher.close();
});
