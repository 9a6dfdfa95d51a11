import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callReport } from '../../src/call/report.ts';
import { createFetch } from '../../src/fetch/create-fetch.ts';
import { type FaultKind, type FaultRule, faults } from '../../src/testing/index.ts';
import { errorOf } from '../support/error-of.ts';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server[Symbol.asyncDispose]());

let order = 0;
const post = () => ({
  method: 'POST',
  headers: { 'x-order': String(++order), 'idempotency-key': `k${order}` },
});
const effects = () => server.effects(String(order));

describe('a fetch that fails as told, against a real service', () => {
  it.each<[FaultKind, string, number]>([
    ['refuse', 'ECONNREFUSED', 0],
    ['reset-before', 'ECONNRESET', 0],
    ['reset-after', 'ECONNRESET', 1],
  ])('%s rejects as fetch does, with the code %s, and leaves %i effects', async (fault, code, done) => {
    const flaky = faults({ seed: 1, rules: [{ fault }] });
    const error = await errorOf(flaky(server.url, post()));
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: { code } });
    expect(effects()).toBe(done);
  });

  it('status answers in the place of the service', async () => {
    const flaky = faults({ seed: 1, rules: [{ fault: 'status', status: 429, retryAfter: 2 }] });
    const response = await flaky(server.url, post());
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2']);
    expect(effects()).toBe(0);
  });

  it('stall has the work done, and ends only by the signal', async () => {
    const flaky = faults({ seed: 1, rules: [{ fault: 'stall' }] });
    const abort = new AbortController();
    const call = errorOf(flaky(server.url, { ...post(), signal: abort.signal }));
    await expect.poll(effects).toBe(1);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await call).toBe(reason);
  });

  it('stall ends by an abort that what sends did not listen to', async () => {
    const abort = new AbortController();
    const deaf = async () => {
      abort.abort(new Error('enough'));
      return new Response('done');
    };
    const flaky = faults({ seed: 1, rules: [{ fault: 'stall' }], fetch: deaf });
    await expect(flaky(server.url, { signal: abort.signal })).rejects.toThrow('enough');
  });

  it('drip gives the whole body, piece by piece', async () => {
    const flaky = faults({ seed: 1, rules: [{ fault: 'drip', bytes: 1, gap: 0 }] });
    const plain = await (await fetch(server.url)).text();
    const pieces: number[] = [];
    const response = await flaky(server.url);
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
      pieces.push(piece.length);
    expect(pieces).toEqual(Array.from(plain, () => 1));
  });

  it('truncate breaks the body off', async () => {
    const response = await faults({ seed: 1, rules: [{ fault: 'truncate', bytes: 2 }] })(server.url);
    expect(response.status).toBe(200);
    expect(await errorOf(response.text())).toMatchObject({
      message: 'terminated',
      cause: { code: 'UND_ERR_SOCKET' },
    });
  });
});

describe('faults', () => {
  const ok = async () => new Response('ok');
  const run = async (seed: number, rule: FaultRule, calls: number) => {
    const flaky = faults({ seed, fetch: ok, rules: [rule] });
    for (let call = 0; call < calls; call++) await flaky('http://service.test/').catch(() => {});
    return flaky.log.map(({ fault }) => (fault === 'none' ? '.' : 'x')).join('');
  };

  it('are the same for the same seed, and others for another', async () => {
    const rule = { fault: 'refuse', share: 0.3 } as const;
    expect(await run(7, rule, 50)).toBe(await run(7, rule, 50));
    expect(await run(7, rule, 50)).not.toBe(await run(8, rule, 50));
    const share = (await run(7, rule, 2_000)).replaceAll('.', '').length / 2_000;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.35);
  });

  it('may come in bursts', async () => {
    const story = await run(3, { fault: 'status', share: 0.05, burst: 4 }, 400);
    for (const [burst] of story.slice(0, -4).matchAll(/x+/g)) expect(burst.length).toBeGreaterThanOrEqual(4);
    expect(story).toContain('xxxx');
  });

  it('may be told one by one, and only for some requests', async () => {
    const flaky = faults({
      seed: 1,
      fetch: ok,
      rules: [{ fault: 'refuse', when: ({ method, number }) => method === 'PUT' && number > 1 }],
    });
    flaky.next('none', { fault: 'status', status: 502 });
    const results: unknown[] = [];
    for (const method of ['PUT', 'GET', 'GET', 'PUT']) {
      results.push(
        await flaky('http://service.test/', { method }).then(
          ({ status }) => status,
          () => 'refused',
        ),
      );
    }
    expect(results).toEqual([200, 502, 200, 'refused']);
    expect(flaky.log[3]).toEqual({ number: 4, method: 'PUT', url: 'http://service.test/', fault: 'refuse' });
  });

  it('reset makes them as they were at first: nothing told, no burst, no log, and the seed from its beginning', async () => {
    const rule = { fault: 'status', share: 0.1, burst: 9 } as const;
    const flaky = faults({ seed: 7, fetch: ok, rules: [rule] });
    const story = async (calls: number) => {
      for (let call = 0; call < calls; call++) await flaky('http://service.test/').catch(() => {});
      return flaky.log.map(({ number, fault }) => `${number} ${fault}`);
    };
    const whole = await story(60);
    // Within a burst, so that one that went on would be seen.
    const calls = whole.findIndex((entry) => entry.endsWith('status')) + 2;
    flaky.reset();
    const first = await story(calls);
    expect(first).toEqual(whole.slice(0, calls));
    flaky.next('refuse', 'stall');
    flaky.reset();
    expect(flaky.log).toEqual([]);
    expect(await story(calls)).toEqual(first);
  });

  it('are what the client survives: one effect, and the report tells of each', async () => {
    const flaky = faults({ seed: 1 });
    const api = createFetch({ fetch: flaky, retry: { base: 0, cap: 0 } });
    flaky.next('refuse', 'reset-after', 'status');
    const response = await api(server.url, { ...post(), headers: { 'x-order': String(order) } });
    expect(response.status).toBe(201);
    expect(effects()).toBe(1);
    expect(callReport(response)?.attempts.map(({ delivery }) => delivery)).toEqual([
      // Of a `fetch` that is not its own, the client can't know whether anything left.
      'unknown',
      'unknown',
      'answered',
      'answered',
    ]);
  });

  it.each<[unknown, string]>([
    [undefined, 'options must be a plain object with a seed, got undefined'],
    [{}, 'seed must be a whole number of 0 or more, got undefined'],
    [{ seed: 1, rule: [] }, 'rule is not an option; did you mean rules?'],
    [{ seed: 1, rules: [{}] }, 'rules[0].fault must be "refuse", '],
    [{ seed: 1, rules: [{ fault: 'reset' }] }, 'rules[0].fault must be "refuse", '],
    [
      { seed: 1, rules: [{ fault: 'refuse', share: 5 }] },
      'rules[0].share must be a number above 0, up to 1, got 5',
    ],
    [
      { seed: 1, rules: [{ fault: 'drip', bytes: 0 }] },
      'rules[0].bytes must be a whole number of 1 or more, got 0',
    ],
  ])('refuse what they don’t know: %j', (options, message) => {
    expect(() => faults(options as never)).toThrow(message);
  });

  it('refuse to be told what they don’t know', () => {
    expect(() => faults({ seed: 1 }).next('explode' as never)).toThrow('next[0] must be "refuse"');
  });
});
