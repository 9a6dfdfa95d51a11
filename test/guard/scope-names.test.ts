import { expect, test } from 'vitest';
import { createFetch } from '../../src/fetch/create-fetch.ts';
import { resilience } from '../../src/undici/resilience.ts';

const ok = async () => new Response('ok');
const rule = 'POST https://api.example/v1/charges';

test.each([
  ['https://api.example/'],
  ['https://API.example'],
  ['https://api.example:443'],
  ['HTTPS://api.example:443/'],
])('a scope may be written as any URL of its origin: %s', async (written) => {
  const api = createFetch({ fetch: ok });
  api.breakers.isolate(written);
  expect(api.breakers.get(written)).toMatchObject({ scope: 'https://api.example', state: 'isolated' });
  await expect(api('https://api.example/v1')).rejects.toThrow('https://api.example');
  api.breakers.restore(written);
  expect((await api('https://api.example/v1')).status).toBe(200);
});

test.each([
  ['https://api.example/v1/charges', '; did you mean "https://api.example"?'],
  ['https://api.example/?q', '; did you mean "https://api.example"?'],
  ['api.example', 'must be an origin, such as "https://api.example"'],
  ['htps://api.example', 'must be an origin'],
  ['ftp://api.example', 'must be an origin'],
  ['POST https://api.example/v1/charge', `; did you mean ${JSON.stringify(rule)}?`],
  ['GET https://api.example/open', 'must be an origin'],
  ['', 'must be an origin'],
  [undefined, 'must be an origin'],
  [new URL('https://api.example'), 'must be an origin'],
])('a scope that no call can ever have is refused: %s', (written, message) => {
  const endpoints = {
    [rule]: { breaker: { scope: 'endpoint' } },
    'GET https://api.example/open': {},
  } as const;
  for (const { breakers } of [createFetch({ endpoints }), resilience({ endpoints })]) {
    for (const act of ['get', 'isolate', 'restore'] as const) {
      const call = () => breakers[act](written as string);
      expect(call).toThrow(expect.objectContaining({ name: 'PolicyError', path: 'scope' }));
      expect(call).toThrow(message);
    }
  }
});

test('the rule of an extended client is a scope too, and what a function names may be anything', () => {
  const api = createFetch();
  expect(() => api.breakers.isolate(rule)).toThrow('scope must be');
  api.extend({ endpoints: { [rule]: { breaker: { minimum: 5 } } } });
  api.breakers.isolate(rule);
  expect(api.breakers.get(rule)?.state).toBe('isolated');
  expect(() => api.breakers.isolate('tenant 7')).toThrow('scope must be');
  const open = createFetch({ breaker: { scope: ({ url }) => `${url.origin}/` }, fetch: ok });
  open.breakers.isolate('tenant 7');
  expect(open.breakers.get('tenant 7')?.state).toBe('isolated');
});

test('a function that names an origin names the scope of that origin, slash or no slash', async () => {
  const api = createFetch({ breaker: { scope: ({ url }) => `${url.origin}/` }, fetch: ok });
  api.breakers.isolate('https://api.example/');
  await expect(api('https://api.example/v1')).rejects.toThrow(
    'The circuit breaker of https://api.example is open',
  );
});

test.each([
  ['breaker', 'minimum', { minimum: 2 }, { minimum: 99 }],
  ['budget', 'reserve', { reserve: 2 }, { reserve: 9 }],
  ['limit', 'concurrency', { concurrency: 2 }, { concurrency: 9 }],
])(
  'an extension can’t give other numbers to a %s that it shares: they were ignored',
  (part, name, first, second) => {
    const api = createFetch({ fetch: ok, endpoints: { [rule]: { [part]: first } } });
    expect(() => api.extend({ endpoints: { [rule]: { [part]: second } } })).toThrow(
      expect.objectContaining({
        name: 'PolicyError',
        message: expect.stringMatching(
          new RegExp(
            `endpoints\\["${rule}"\\]\\.${part}\\.${name} cannot be \\d+ here: the rule of the client that is extended says`,
          ),
        ),
      }),
    );
  },
);

test('an extension may repeat the numbers of a rule, switch its guard off, and have rules of its own', () => {
  const api = createFetch({ fetch: ok, endpoints: { [rule]: { breaker: { minimum: 2 } } } });
  api.extend({ endpoints: { [rule]: { breaker: { minimum: 2 }, retry: false } } });
  api.extend({ endpoints: { [rule]: { breaker: false } } });
  api.extend({ endpoints: { 'https://other.example/': { breaker: { minimum: 9 } } } });
});
