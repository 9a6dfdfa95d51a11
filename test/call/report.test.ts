import { describe, expect, test } from 'vitest';
import {
  type AttemptReason,
  callReport,
  createFetch,
  type Events,
  eventNames,
  type SteadFetch,
  type Stopped,
} from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { endings, SECRET } from './endings.ts';

const KEY = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The type guarantees that none is missing. */
const reasons: Readonly<Record<AttemptReason, true>> = {
  success: true,
  status: true,
  'final-status': true,
  timeout: true,
  network: true,
  body: true,
  invalid: true,
  aborted: true,
  lost: true,
};

type Heard = { readonly [Name in keyof Events]: Events[Name][] };

function listen(api: SteadFetch): Heard {
  const heard: Heard = Object.fromEntries(eventNames.map((name) => [name, []])) as never;
  for (const name of eventNames) api.on(name, (event) => heard[name].push(event as never));
  return heard;
}

const outcomeOf = (call: Promise<Response>): Promise<unknown> => call.catch((error: unknown) => error);

describe('the report and the events', () => {
  const all = Object.entries(endings).flatMap(([stopped, ways]) =>
    ways.map((ending) => [stopped as Stopped, ending.why, ending] as const),
  );

  test.each(all)(
    'are complete and hold no secret when a call ends by %s: %s',
    async (stopped, _why, ending) => {
      await using server = await startFaultServer({ faults: ending.faults });
      const rule = `${server.url}/v1/*`;
      const api = createFetch({
        breaker: false,
        budget: false,
        retry: { base: 1, cap: 2 },
        ...ending.options,
        endpoints: { [rule]: {} },
      });
      const heard = listen(api);
      const begun = Date.now();
      const init = {
        method: 'POST',
        body: SECRET,
        ...ending.init,
        headers: { authorization: `Bearer ${SECRET}`, ...ending.init?.headers },
      };
      const { call = (api, url, init) => api(url, init) } = ending;
      const outcome = await outcomeOf(call(api, `${server.url}/v1/charges?token=${SECRET}#${SECRET}`, init));

      const { breaker, budget, limit } = ending.options ?? {};
      const scope = breaker || budget || limit ? server.url : undefined;
      const told = callReport(outcome);
      if (told === undefined) throw new Error('there is no report');
      // A body may have ended by now: test/call/body-end.test.ts.
      const { body: _body, ...report } = told;
      const number = expect.any(Number);
      const times = { startedAt: number, duration: number };
      expect(report).toEqual({
        ...times,
        id: expect.stringMatching(ID),
        method: 'POST',
        url: `${server.url}/v1/*`,
        endpoint: rule,
        scope,
        idempotencyKey: ending.options?.idempotency === false ? undefined : expect.stringMatching(KEY),
        vouched: expect.any(Boolean),
        delivery: ending.delivery,
        stopped,
        attempts: ending.attempts.map((attempt, at) => ({
          ...times,
          number: at + 1,
          waited: number,
          ...attempt,
        })),
      });
      const { id, method, url, endpoint, startedAt, duration, attempts } = report;
      expect(startedAt).toBeGreaterThanOrEqual(begun);
      expect(duration).toBeGreaterThanOrEqual(
        attempts.reduce((sum, { duration, waited }) => sum + duration + waited, 0),
      );

      const call_ = { id, method, url, endpoint, scope };
      expect(heard.attempt).toEqual(attempts.map((attempt) => ({ ...call_, attempt })));
      expect(heard.settled).toEqual([report]);
      const retries = attempts.length - 1 + (ending.unmade ?? 0);
      expect(heard.retry).toEqual(
        Array.from({ length: Math.max(0, retries) }, (_, at) => {
          return {
            ...call_,
            number: at + 2,
            delay: number,
            reason: attempts[at]?.reason,
            vouched: expect.any(Boolean),
          };
        }),
      );
      expect(heard.budget).toEqual(stopped === 'budget' ? [call_] : []);
      expect(heard.rejected).toEqual(
        stopped === 'budget' || stopped === 'breaker' || stopped === 'limit'
          ? [{ ...call_, by: stopped, number: attempts.length + 1 }]
          : [],
      );
      const starts = heard['attempt-start'].filter((start) => start.id === id);
      expect(starts.map(({ number, at }) => [number, at])).toEqual(
        attempts.map(({ number, startedAt }) => [number, startedAt]),
      );
      expect(heard.breaker.map(({ cause, ...event }) => event)).toEqual(
        stopped === 'breaker'
          ? [
              {
                scope,
                from: 'closed',
                to: expect.stringMatching(/^(open|isolated)$/),
                at: number,
                reason: expect.any(String),
              },
            ]
          : [],
      );
      // An isolated breaker has no cause.
      for (const { to, cause } of heard.breaker) {
        expect(cause?.last?.status).toBe(to === 'open' ? attempts.at(-1)?.status : undefined);
      }
      expect(JSON.stringify([report, heard])).not.toContain(SECRET);
    },
  );

  test('know every reason for which an attempt can end', () => {
    // `lost` takes two attempts side by side: hedge.test.ts.
    const reached: unknown[] = [
      'lost',
      ...all.flatMap(([, , { attempts }]) => attempts.map(({ reason }) => reason)),
    ];
    expect(Object.keys(reasons).filter((reason) => !reached.includes(reason))).toEqual([]);
  });

  test('belong to one call each', async () => {
    await using server = await startFaultServer();
    const api = createFetch();
    const heard = listen(api);
    const reports = (await Promise.all([api(server.url), api(server.url)])).map(callReport);
    expect(new Set(reports.map((report) => report?.id)).size).toBe(2);
    expect(heard.attempt.map(({ id }) => id).sort()).toEqual(reports.map((report) => report?.id).sort());
  });
});

describe('callReport', () => {
  test('gives the same report each time, and nobody can change it', async () => {
    await using server = await startFaultServer();
    const response = await createFetch()(server.url);
    await response.text();
    const report = callReport(response);
    expect(callReport(response)).toBe(report);
    expect(() => Object.assign(report ?? {}, { stopped: 'attempts' })).toThrow(TypeError);
    expect(() => Object.assign(report?.attempts ?? [], { length: 0 })).toThrow(TypeError);
  });

  test('knows the call by the error that ended its body', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'body', how: 'reset' }] });
    const response = await createFetch()(server.url);
    const error: unknown = await response.text().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(callReport(error)).toBe(callReport(response));
    expect(callReport(error)).toMatchObject({ stopped: 'success', delivery: 'answered' });
  });

  test.each([new Response(), new Error('no call'), null, undefined, 'text', 7, {}])(
    'is undefined for %o, which came out of no call',
    (subject) => {
      expect(callReport(subject)).toBeUndefined();
    },
  );

  test('knows the latest call that ended with a reason, even one that is frozen', async () => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
    });
    const api = createFetch();
    for (const reason of [new Error('enough'), Object.freeze(new Error('enough'))]) {
      for (const path of ['/first', '/second']) {
        const controller = new AbortController();
        const call = api(server.url + path, { signal: controller.signal });
        controller.abort(reason);
        await expect(call).rejects.toBe(reason);
        expect(callReport(reason)).toMatchObject({ url: server.url + path, stopped: 'aborted' });
      }
    }
  });

  test('is undefined for a call that never began', async () => {
    const wrong = createFetch()('http://127.0.0.1:1', {
      method: 'POST',
      idempotencyKey: 'not visible ASCII: ✓',
    });
    expect(callReport(await outcomeOf(wrong))).toBeUndefined();
  });
});
