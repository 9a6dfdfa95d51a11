import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Agent, interceptors, fetch as undiciFetch } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import type { FetchBody } from '../../src/model/options.ts';
import { uploadOf } from '../../src/transport/undici/upload.ts';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const agent = new Agent();
afterAll(() => agent.close());

/** A client whose dispatcher notes which bodies it is given. */
function watching() {
  const bodies: unknown[] = [];
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    bodies.push(options.body);
    return dispatch(options, handler);
  });
  return { api: createFetch({ dispatcher, retry: { base: 0, cap: 0 } }), bodies };
}

describe('a body that is there as a whole', () => {
  const bytes = Uint8Array.from([1, 2, 3, 4, 5]);
  const kinds: Record<string, [body: FetchBody, given: unknown]> = {
    'a string': ['text', 'text'],
    'a query string': [new URLSearchParams({ a: 'b c' }), 'a=b+c'],
    bytes: [bytes, bytes],
    'a part of some bytes': [bytes.subarray(1, 3), Uint8Array.from([2, 3])],
    'a buffer of bytes': [bytes.slice().buffer, bytes],
  };

  test.each(Object.entries(kinds))(
    'reaches the dispatcher as it is, on each attempt: %s',
    async (_, [body, given]) => {
      await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
      const { api, bodies } = watching();
      const response = await api(server.url, { method: 'PUT', body });
      expect(response.ok).toBe(true);
      expect(bodies).toEqual([given, given]);
    },
  );

  test("can be sent again by an interceptor of the caller's that follows redirects", async () => {
    await using target = await startFaultServer();
    await using server = await startFaultServer({
      faults: [{ kind: 'answer', status: 307, headers: { location: target.url } }],
    });
    const api = createFetch({ dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 1 })) });
    await (await api(server.url, { method: 'PUT', body: 'twice' })).text();
    expect(target.requests.map(({ body }) => String(body))).toEqual(['twice']);
  });

  test('is not sent along when a redirect makes a GET of its request', async () => {
    await using server = await startFaultServer({
      faults: [{ kind: 'answer', status: 303, headers: { location: '/elsewhere' } }],
    });
    const { api, bodies } = watching();
    await (await api(server.url, { method: 'PUT', body: 'once' })).text();
    expect(bodies).toEqual(['once', null]);
  });
});

test('whoever keeps a response does not keep the body that was sent', async () => {
  // What the server keeps is no business of this test.
  await using server = await startFaultServer({ keepBody: 0 });
  const api = createFetch();
  const MiB = 2 ** 20;
  const held = async () => {
    for (let i = 0; i < 5; i++) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = await held();
  const kept: Response[] = [];
  for (let i = 0; i < 24; i++) {
    const response = await api(server.url, { method: 'PUT', body: new Uint8Array(MiB) });
    await response.text();
    kept.push(response);
  }
  expect((await held()) - before).toBeLessThan(4 * MiB);
  expect(kept).toHaveLength(24);
});

test('what stands for a stream in fetch’s hands can not be sent: such a request fails', async () => {
  await using server = await startFaultServer();
  const stream = new Blob(['text']).stream();
  const upload = uploadOf(stream, 'POST');
  expect(upload?.content()).toBe(stream);
  const init = { method: 'POST', body: upload?.standIn, duplex: 'half', dispatcher: agent };
  const error = await errorOf(undiciFetch(server.url, init as object));
  expect(error).toMatchObject({ cause: { message: 'a stand-in for the body was about to be sent' } });
  expect(server.requests).toEqual([]);
});
