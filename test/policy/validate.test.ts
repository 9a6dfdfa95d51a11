import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { PolicyError } from '../../src/model/errors.ts';
import { checkOptions, checkPolicy } from '../../src/policy/validate.ts';
import { foreign, misplaced, misspelt, shorthands, translated, wrongValues } from './bad-options.ts';

function refusal(options: unknown): string {
  try {
    checkOptions(options);
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return (error as PolicyError).message;
  }
  return 'accepted';
}

const FIELD_LISTS = {
  timeout: 'attempt, idle, body, total',
  retry: 'attempts, base, factor, cap, statuses, retryAfter, when',
  breaker: 'scope, threshold, minimum, window, cooldown, maxCooldown',
  budget: 'ratio, reserve',
};

describe('an unknown option', () => {
  it.each(misspelt)('is named with the one that was probably meant: %j', (options, message) => {
    expect(refusal(options)).toBe(message);
  });

  it.each(misplaced)('is sent to the place where there is one of that name: %j', (options, message) => {
    expect(refusal(options)).toBe(message);
  });

  it.each(['colour', '', '__proto__', 'constructor', 'toString'])(
    'is answered with what there is if nothing is near: %j',
    (name) => {
      expect(refusal(JSON.parse(`{ "budget": { "${name}": 1 } }`))).toBe(
        `budget.${name} is not an option; there are ratio, reserve`,
      );
    },
  );

  it.each(translated)('of another library is translated, not guessed: %j', (options, path, instead) => {
    expect(refusal(options)).toContain(`${path} is not an option; here it is ${instead}`);
  });

  it.each(foreign)(
    'of another library for which there is none says what to do instead: %s',
    (name, instead) => {
      expect(refusal({ [name]: {} })).toMatch(`${name} is not an option; `);
      expect(refusal({ [name]: {} })).toContain(instead);
    },
  );

  it('is refused even when it is undefined, for it is a slip all the same', () => {
    expect(refusal({ retry: { atempts: undefined } })).toContain('did you mean retry.attempts?');
  });

  it('is refused in a rule where it would be right for createFetch', () => {
    expect(refusal({ endpoints: { 'https://x.example/*': { fetch } } })).toBe(
      'endpoints["https://x.example/*"].fetch is not an option; there are timeout, retry, idempotency, breaker, budget, limit, hedge, buffer, patience, quota, fallback',
    );
  });
});

describe('a wrong value', () => {
  it.each(wrongValues)(
    'is named with its path, what is allowed, and itself: %s %s',
    (path, value, message) => {
      const [part = '', member = ''] = path.split('.');
      expect(refusal({ [part]: { [member]: value } })).toBe(`${path} ${message}`);
    },
  );

  it('is named by its place in a list', () => {
    expect(refusal({ retry: { statuses: [500, 200] } })).toBe(
      'retry.statuses[1] must be a whole number from 400 to 599, got 200',
    );
    const sparse = [500];
    sparse[2] = 503;
    expect(refusal({ retry: { statuses: sparse } })).toContain('retry.statuses[1]');
  });

  it.each(['timeout', 'retry', 'breaker', 'budget'] as const)('is refused for the part %s', (part) => {
    const expected = `${part} must be false or a plain object with ${FIELD_LISTS[part]}, got`;
    expect(refusal({ [part]: true })).toBe(`${expected} true; leave it out, for it is on by default`);
    expect(refusal({ [part]: null })).toBe(`${expected} null`);
    expect(refusal({ [part]: 5_000 })).toContain(`${expected} 5000`);
    expect(refusal({ [part]: [] })).toBe(`${expected} an array`);
    expect(refusal({ [part]: Promise.resolve({}) })).toBe(`${expected} an instance of Promise`);
    expect(refusal({ [part]: Object.create(Object.create(Object.create(null))) })).toBe(
      `${expected} an instance of a class`,
    );
  });

  it.each(shorthands)('says what to write instead of a shorthand: %j', (options, message) => {
    expect(refusal(options)).toContain(message);
  });

  it.each([0, -1, 1.5, true, '1mb', Number.POSITIVE_INFINITY])('is refused for buffer: %s', (buffer) => {
    expect(refusal({ buffer })).toMatch(/^buffer must be false or a whole number of bytes, 1 or more, got /);
  });

  it('is refused for endpoints, and for a rule', () => {
    expect(refusal({ endpoints: [] })).toBe(
      'endpoints must be a plain object with a policy for each pattern, got an array',
    );
    expect(refusal({ endpoints: { 'https://x.example/*': false } })).toBe(
      'endpoints["https://x.example/*"] must be a plain object, got false',
    );
  });

  it('is refused for fetch and dispatcher', () => {
    expect(refusal({ fetch: {} })).toBe('fetch must be a function, got an object');
    expect(refusal({ dispatcher: {} })).toBe('dispatcher must be an undici dispatcher, got an object');
    expect(refusal({ dispatcher: null })).toBe('dispatcher must be an undici dispatcher, got null');
  });

  it('is refused for the options as a whole', () => {
    expect(refusal(null)).toBe('options must be a plain object, got null');
    expect(refusal('https://x.example')).toBe('options must be a plain object, got "https://x.example"');
    expect(() => checkPolicy(null, 'policy')).toThrow('policy must be a plain object, got null');
  });

  it('is cut when it is a long string, and never opened when it is an object', () => {
    expect(refusal({ retry: { attempts: 'x'.repeat(61) } })).toBe(
      `retry.attempts must be a whole number from 1 to 100, got "${'x'.repeat(60)}…"`,
    );
    expect(refusal({ retry: { attempts: { token: 'secret' } } })).not.toContain('secret');
  });

  it('says what a fallback is', () => {
    expect(refusal({ fallback: true })).toBe('fallback must be false or a function, got true');
  });

  it('says how a limit is written', () => {
    const expected = 'limit must be false or a plain object with concurrency, queue, got';
    expect(refusal({ limit: true })).toBe(`${expected} true; write { concurrency: "adaptive" }`);
    expect(refusal({ limit: 5 })).toBe(`${expected} 5; write { concurrency: 5 }`);
    expect(refusal({ limit: null })).toBe(`${expected} null`);
  });

  it('carries its path and a stable code', () => {
    expect(() => checkOptions({ retry: { attempts: 0 } })).toThrow(
      expect.objectContaining({ name: 'PolicyError', code: 'ERR_STEADFETCH_POLICY', path: 'retry.attempts' }),
    );
  });
});

describe('right options', () => {
  const all = {
    timeout: { attempt: 0.5, idle: Number.POSITIVE_INFINITY, total: 2_147_483_647 },
    retry: { attempts: 100, base: 0, cap: 0, statuses: [400, 599], retryAfter: 0, when: () => true },
    idempotency: 'stripe',
    breaker: { scope: () => 'x', threshold: 1, minimum: 1, window: 100, cooldown: 1, maxCooldown: 1 },
    budget: { ratio: 0, reserve: 0 },
    limit: { concurrency: 1, queue: 0 },
    buffer: 1,
    fallback: () => undefined,
  } as const;
  const off = {
    timeout: false,
    retry: false,
    idempotency: false,
    breaker: false,
    budget: false,
    limit: false,
    buffer: false,
    fallback: false,
  };

  it('come back as they are, up to the last value of each range', () => {
    expect(checkOptions(all)).toEqual(all);
    expect(checkOptions(off)).toEqual(off);
    expect(checkOptions({})).toEqual({});
  });

  it('may leave any member undefined', () => {
    const blank = Object.fromEntries(Object.keys(all).map((name) => [name, undefined]));
    expect(Object.keys(checkOptions({ ...blank, endpoints: undefined, fetch: undefined }))).toEqual([]);
    expect(checkOptions({ timeout: { attempt: undefined, total: 500 } }).timeout).toStrictEqual({
      total: 500,
    });
    expect(checkOptions({ endpoints: { 'https://x.example/*': undefined } }).endpoints?.size).toBe(0);
  });

  it('keep the order of their endpoint rules', () => {
    const rules = { 'https://b.example/*': all, 'https://a.example/*': off };
    expect([...(checkOptions({ endpoints: rules }).endpoints ?? [])]).toEqual(Object.entries(rules));
  });

  it('carry fetch and dispatcher as the same objects', () => {
    class Dispatcher {
      dispatch() {
        return true;
      }
    }
    const dispatcher = new Dispatcher();
    const checked = checkOptions({ fetch, dispatcher });
    expect(checked.fetch).toBe(fetch);
    expect(checked.dispatcher).toBe(dispatcher);
  });

  it('may come from another realm, or have no prototype', () => {
    expect(checkOptions(runInNewContext('({ retry: { attempts: 2, statuses: [500] } })'))).toEqual({
      retry: { attempts: 2, statuses: [500] },
    });
    expect(checkOptions(Object.assign(Object.create(null), { buffer: 9 }))).toEqual({ buffer: 9 });
  });

  it('are copied: what the user changes later changes nothing', () => {
    const statuses = [500];
    const retry = { attempts: 2, statuses };
    const rule = { timeout: { total: 1_000 } };
    const checked = checkOptions({ retry, endpoints: { 'https://x.example/*': rule } });
    retry.attempts = 0;
    statuses.push(200);
    rule.timeout.total = 1;
    expect(checked.retry).toEqual({ attempts: 2, statuses: [500] });
    expect(checked.endpoints?.get('https://x.example/*')).toEqual({ timeout: { total: 1_000 } });
  });

  it('are read once each, and left as they were', () => {
    const reads: string[] = [];
    const spy = <T extends object>(target: T, path: string): T =>
      new Proxy(target, {
        get(object, name, receiver) {
          reads.push(`${path}${String(name)}`);
          return Reflect.get(object, name, receiver);
        },
        set: () => expect.fail('set'),
        defineProperty: () => expect.fail('defineProperty'),
        deleteProperty: () => expect.fail('deleteProperty'),
        preventExtensions: () => expect.fail('preventExtensions'),
      });
    checkOptions(
      spy(
        {
          retry: spy({ attempts: 2 }, 'retry.'),
          idempotency: spy({ header: 'Key', maxLength: 9 }, 'idempotency.'),
          endpoints: spy({ 'https://x.example/*': spy({ buffer: 1 }, 'rule.') }, 'endpoints.'),
        },
        '',
      ),
    );
    expect(reads).toEqual([
      'retry',
      'retry.attempts',
      'idempotency',
      'idempotency.header',
      'idempotency.maxLength',
      'endpoints',
      'endpoints.https://x.example/*',
      'rule.buffer',
    ]);
  });

  it('are frozen to the bottom', () => {
    const checked = checkOptions({
      retry: { statuses: [500] },
      idempotency: { header: 'K', methods: ['POST'] },
    });
    expect(Object.isFrozen(checked)).toBe(true);
    expect(Object.isFrozen(checked.retry)).toBe(true);
    expect(checked.retry && Object.isFrozen(checked.retry.statuses)).toBe(true);
    expect(Object.isFrozen(checked.idempotency)).toBe(true);
  });
});
