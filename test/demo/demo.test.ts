import { createServer } from 'node:http';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../docs/examples/demo/arguments.ts';
import { isFlawless, judge, type Tally } from '../../docs/examples/demo/judge.ts';
import type { Told } from '../../docs/examples/demo/load.ts';
import { RequestsMade } from '../../docs/examples/demo/requests-made.ts';
import { storyOf } from '../../docs/examples/demo/story.ts';
import { terminalPicture } from '../../docs/examples/demo/terminal-picture.ts';
import { outcome } from '../../docs/examples/demo/text.ts';
import { faultFor, OUTAGE } from '../../docs/examples/demo/world.ts';
import { createFetch } from '../../src/index.ts';
import type { Fault } from '../support/faults.ts';
import { listen } from '../support/listen.ts';

describe('the command line', () => {
  it.each([
    [['--seed', 'x'], '--seed must be a whole number from 0, got x'],
    [['--seed=-1'], '--seed must be a whole number from 0, got -1'],
    [['--orders', '0'], '--orders must be a whole number from 1 to 1000, got 0'],
    [['--orders', '1001'], '--orders must be a whole number from 1 to 1000, got 1001'],
  ])('refuses %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(new TypeError(message));
  });
});

describe('the world', () => {
  const requests = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 8 }));

  it('does the same to the same request, whatever was asked in between', () => {
    fc.assert(
      fc.property(fc.array(requests, { minLength: 1, maxLength: 20 }), (list) => {
        const forwards = list.map((request) => faultFor(...request));
        const backwards = list.toReversed().map((request) => faultFor(...request));
        expect(backwards.toReversed()).toEqual(forwards);
      }),
    );
  });

  const orders = Array.from({ length: 500 }, (_, index) => index + 1);
  const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
  const first = (seed: number) => orders.map((order) => faultFor(seed, order, 1));

  it("is another one for another seed, and for an order's second request", () => {
    expect(first(2)).not.toEqual(first(1));
    expect(orders.map((order) => faultFor(1, order, 2))).not.toEqual(first(1));
  });

  it.each(seeds)(
    'has every kind of fault that it promises, and leaves most requests alone (seed %i)',
    (seed) => {
      const kinds = first(seed).map(kindOf);
      expect(new Set(kinds)).toEqual(
        new Set([
          'ok',
          'cut head reset',
          'cut booked reset',
          'slow request',
          'slow booked',
          'answer 500 done',
          'answer 503',
          'answer 503 retry-after',
        ]),
      );
      expect(kinds.filter((kind) => kind === 'ok').length).toBeGreaterThan(400);
    },
  );

  it('stalls past the timeout of an attempt, and not for ever', () => {
    const stalls = seeds.flatMap(first).flatMap((fault) => (fault.kind === 'slow' ? [fault.ms] : []));
    expect(Math.min(...stalls)).toBeGreaterThan(2_000);
    expect(Math.max(...stalls)).toBeLessThanOrEqual(3_000);
  });

  it('lets every order through in the end, even in a burst', () => {
    const tries = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const order of orders) {
      expect(tries.map((nth) => kindOf(faultFor(1, order, nth)))).toContain('ok');
    }
  });

  it('has no other fault in the outage and right after it', () => {
    const calm = orders.filter((order) => order >= OUTAGE.from && order <= OUTAGE.to + 50);
    expect(calm.length).toBeGreaterThan(100);
    for (const order of calm) expect(faultFor(1, order, 1)).toEqual({ kind: 'ok' });
  });
});

describe('the judge', () => {
  const told = (order: number, ok: boolean, wait = 1): Told => ({
    order,
    ok,
    wait,
    replayed: false,
    report: undefined,
  });

  const sent = (told: readonly Told[]) => ({ told, requests: { all: 9, inOutage: 3 } });

  it('holds what each caller was told against the ledger', () => {
    const orders = [1, 1, 2, 2, 0, 0].map((booked, index) => ({ order: index + 1, booked, faults: [] }));
    const callers = [1, 2, 3, 4, 5, 6].map((order) => told(order, order % 2 === 1));
    expect(judge(sent(callers), { orders })).toMatchObject({
      once: 2,
      twice: 2,
      lostSuccess: 2,
      falseSuccess: 1,
      notBooked: 2,
      requests: 9,
      inOutage: 3,
    });
  });

  it('takes an order that the ledger has never heard of as not booked', () => {
    const tally = judge(sent([told(1, true), told(2, false)]), { orders: [] });
    expect(tally).toMatchObject({ once: 0, falseSuccess: 1, lostSuccess: 0, notBooked: 2 });
  });

  it('finds fault with a second booking and with an "ok" for nothing, and with nothing else', () => {
    const good = judge(sent([told(1, false), told(2, false)]), {
      orders: [{ order: 1, booked: 1, faults: [] }],
    });
    expect(isFlawless(good)).toBe(true);
    expect(isFlawless({ ...good, twice: 1 })).toBe(false);
    expect(isFlawless({ ...good, falseSuccess: 1 })).toBe(false);
  });

  it('measures the wait of the median and of the slowest one in a hundred', () => {
    const callers = Array.from({ length: 200 }, (_, index) => told(index + 1, true, 200 - index));
    expect(judge(sent(callers), { orders: [] })).toMatchObject({ p50: 100, p99: 198 });
  });
});

describe('the count of requests', () => {
  it('has each one that is made of its service, refused or not, and knows those of the outage', async () => {
    const server = createServer((_request, response) => response.end());
    const url = await listen(server);
    const requests = new RequestsMade(url);
    try {
      await (await fetch(url)).text();
      await promisify(server.close.bind(server))();
      requests.isOutage = true;
      await expect(fetch(url)).rejects.toThrow();
      await expect(createFetch({ retry: false })(url)).rejects.toThrow();
      await expect(fetch('http://127.0.0.1:1/')).rejects.toThrow();
      requests.isOutage = false;
    } finally {
      requests.stop();
    }
    await expect(fetch(url)).rejects.toThrow();
    expect([requests.all, requests.inOutage]).toEqual([3, 2]);
  });
});

describe('the last sentence', () => {
  const tally = (once: number, twice: number, inOutage = 3): Tally => {
    return {
      once,
      twice,
      lostSuccess: 0,
      falseSuccess: 0,
      notBooked: 0,
      requests: 9,
      inOutage,
      p50: 1,
      p99: 2,
    };
  };

  it('says who won, and how many requests that took in the outage', () => {
    const results = [
      { name: 'retry loop', tally: tally(9, 2, 7) },
      { name: 'steadfetch', tally: tally(9, 0) },
    ];
    expect(outcome(results)).toMatch(
      /^steadfetch wins: 9 orders booked exactly once, 0 twice \(retry loop 9, 2 twice\)\./,
    );
    expect(outcome(results)).toContain('it sent 3 requests there (retry loop 7)');
  });

  it('admits it if another client won', () => {
    const results = [
      { name: 'retry loop', tally: tally(9, 0) },
      { name: 'steadfetch', tally: tally(8, 0) },
    ];
    expect(outcome(results)).toMatch(/^retry loop wins/);
    expect(outcome(results)).toContain('not the day of steadfetch');
  });
});

describe('the story', () => {
  const saved = (order: number, statuses: readonly (number | undefined)[]): Told => ({
    order,
    ok: true,
    wait: 1,
    replayed: true,
    report: {
      id: '',
      method: 'POST',
      url: '',
      endpoint: undefined,
      scope: undefined,
      idempotencyKey: '',
      vouched: false,
      startedAt: 0,
      duration: 1,
      delivery: 'answered',
      stopped: 'success',
      attempts: statuses.map((status, index) => ({
        number: index + 1,
        startedAt: 0,
        duration: 1,
        waited: 0,
        ...(status !== undefined && { status }),
        delivery: status === undefined ? 'unknown' : 'answered',
        reason: status === 201 ? 'success' : 'network',
      })),
    },
  });
  const stalls = (at: 'request' | 'booked'): Fault => ({ kind: 'slow', at, ms: 2_500 });
  const cut: Fault = { kind: 'cut', at: 'booked', how: 'reset' };
  const ok: Fault = { kind: 'ok' };

  it('tells the call that was saved from the most', () => {
    const page = {
      requests: 6,
      orders: [
        { order: 3, booked: 1, faults: [cut, ok] },
        { order: 7, booked: 1, faults: [stalls('request'), cut, stalls('booked'), ok] },
      ],
    };
    const told = [saved(3, [undefined, 201]), saved(7, [undefined, undefined, undefined, 201])];
    expect(storyOf(told, page)).toBe(
      'order 7: stalled before booking → reset after booking → stalled → answered 201 (replayed), one booking',
    );
  });

  it('leaves out a call of which an attempt never reached the service', () => {
    const page = {
      requests: 3,
      orders: [
        { order: 3, booked: 1, faults: [cut, ok] },
        { order: 7, booked: 1, faults: [ok] },
      ],
    };
    const told = [saved(3, [undefined, 201]), saved(7, [undefined, undefined, 201])];
    expect(storyOf(told, page)).toMatch(/^order 3: reset after booking → answered 201/);
    expect(storyOf(told.slice(1), page)).toBeUndefined();
  });
});

describe('the picture', () => {
  it('puts every word where the terminal had it, and shows what is no markup as it is', () => {
    const svg = terminalPicture(['', '  1 < 2    & 3'], 'caption');
    const at = (text: string) => new RegExp(`<text x="([\\d.]+)"[^>]*>${text}</text>`).exec(svg)?.[1];
    const [one, three] = [Number(at('1 &lt; 2')), Number(at('&amp; 3'))];
    expect((three - one) / (one - Number(at('caption')))).toBeCloseTo(9 / 2);
  });
});

/** A fault in a few words, without its numbers. */
function kindOf(fault: Fault): string {
  switch (fault.kind) {
    case 'cut':
      return `cut ${fault.at} ${fault.how}`;
    case 'slow':
      return `slow ${fault.at}`;
    case 'answer':
      return [fault.kind, fault.status, fault.effect, ...Object.keys(fault.headers ?? {})]
        .filter(Boolean)
        .join(' ');
    default:
      return fault.kind;
  }
}
