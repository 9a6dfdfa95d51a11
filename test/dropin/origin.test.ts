import { getGlobalOrigin, setGlobalOrigin, Request as UndiciRequest } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { startMirror } from './mirror-server.ts';
import { outcome } from './observe.ts';
import { sameAsFetch } from './same-as-fetch.ts';

const OwnRequest = UndiciRequest as unknown as typeof Request;

describe("with undici's global origin", () => {
  const before = getGlobalOrigin();
  afterEach(() => setGlobalOrigin(before));

  sameAsFetch('a relative URL is one', async ({ fetch, server, url }) => {
    setGlobalOrigin(url);
    return { outcome: await outcome(fetch('/a?b')), seen: server.seen };
  });

  test('a relative URL is retried like any other', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
    setGlobalOrigin(server.url);
    const response = await createFetch({ retry: { base: 1 } })('a');
    expect(response.status).toBe(200);
    expect(callReport(response)).toMatchObject({ url: `${server.url}/a`, attempts: [{}, {}] });
  });
});

describe("a Request's referrer", () => {
  // Not compared, because undici 7 omits it, against the standard.
  const referer = async (init: object | undefined) => {
    await using server = await startMirror();
    const request = new OwnRequest(server.url, {
      referrer: 'https://from.example/',
      referrerPolicy: 'unsafe-url',
    });
    await createFetch()(request, init);
    return server.seen[0]?.headers.find(([name]) => name === 'referer')?.[1];
  };

  test.each([undefined, {}, { method: undefined }, { idempotencyKey: 'k' }])(
    'counts with %j',
    async (init) => {
      expect(await referer(init)).toBe('https://from.example/');
    },
  );

  test.each([{ method: 'GET' }, { headers: {} }, { signal: null }, { body: null }])(
    'is reset by %j',
    async (init) => {
      expect(await referer(init)).toBeUndefined();
    },
  );
});
