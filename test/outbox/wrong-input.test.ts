import { describe, expect, test } from 'vitest';
import { createFetch, dialects } from '../../src/index.ts';
import { allowList } from '../../src/outbox/headers.ts';
import type { CallInit } from '../../src/outbox/index.ts';
import { checkOutbox } from '../../src/outbox/options.ts';
import { prepareCall } from '../../src/outbox/prepare-call.ts';
import { keyTerms } from '../../src/outbox/rules.ts';
import { checkWork } from '../../src/outbox/shared-options.ts';

const fetch = createFetch();
const URL = 'https://api.pay.example/v1/charges';
const prepare = (init: object, url = URL, rules = {}) =>
  prepareCall(
    url,
    init as CallInit,
    { policies: { patient: {}, short: { idempotency: 'paypal' } }, bodyLimit: 10 },
    allowList(['x-tenant']),
    keyTerms(rules),
  );

describe('before the commit', () => {
  test.each([
    [
      'a header that is not on the list',
      { headers: { 'x-other': '1' } },
      'headers.x-other is not stored; allow it',
    ],
    [
      'a credential',
      { headers: { authorization: 'Bearer s3cret' } },
      'headers.authorization is never stored: credentials are set',
    ],
    ['a cookie', { headers: { cookie: 's3cret' } }, 'headers.cookie is never stored'],
    ['a key of an API', { headers: { 'x-api-key': 's3cret' } }, 'headers.x-api-key is never stored'],
    [
      'a body that is too large',
      { body: '12345678901' },
      'body must be at most 10 bytes (bodyLimit), got 11',
    ],
    [
      'a stream that is too large',
      { body: new Blob(['12345678901']).stream() },
      'body must be at most 10 bytes (bodyLimit), got more than 10',
    ],
    [
      'a key among the headers',
      { headers: { 'Idempotency-Key': 'a' } },
      'headers.idempotency-key belongs in idempotencyKey',
    ],
    [
      'an object for a body',
      { body: { cents: 7 } },
      'body must be a string, bytes, a form, a Blob or a stream',
    ],
    ['a number for a body', { body: () => 7 }, 'JSON.stringify makes a string of a value), got 7'],
    ['an option with a slip', { idempotancyKey: 'x' }, 'did you mean idempotencyKey?'],
    [
      'a policy that there is not',
      { policy: 'pateint' },
      'policy must be one of "patient", "short", got "pateint"',
    ],
    ['a lifetime beyond that of the key', { lifetime: 90_000_000 }, 'lifetime must be at most 86400000'],
    [
      'a lifetime beyond that of the policy’s dialect',
      { policy: 'short', lifetime: 20_000_000 },
      'lifetime must be at most 10800000',
    ],
    ['a key that no header can carry', { idempotencyKey: 'a b' }, 'visible ASCII'],
    ['a group without a name', { group: '' }, 'group must be a string of 1 to 255 characters, got ""'],
  ])('%s is refused', async (_what, init, message) => {
    const error = await prepare({ method: 'POST', ...init }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('s3cret');
  });

  test.each([
    ['https://user:s3cret@api.example/', 'must not hold a user name or password'],
    ['https://api.example/?access_token=s3cret', 'must not hold the query parameter "access_token"'],
    ['https://bucket.example/a?X-Amz-Credential=AKIA&X-Amz-Signature=s3cret', 'parameter "X-Amz-Signature"'],
    ['https://bucket.example/a?x-goog-signature=s3cret', 'parameter "x-goog-signature"'],
    ['https://api.example/?refresh_token=s3cret', 'parameter "refresh_token"'],
    ['https://user:s3cret@api .example/', 'must be an absolute URL, got "https://***@api .example/"'],
    ['/reset?token=s3cret', 'must be an absolute URL, got "/reset"'],
    ['ftp://api.example/', 'must be an http or https URL, got ftp:'],
    ['/charges', 'must be an absolute URL'],
  ])('the URL %s is refused', async (url, message) => {
    const error: Error = await prepare({ method: 'POST' }, url).then(
      () => new Error('taken'),
      (reason) => reason,
    );
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('s3cret');
  });

  test('a fragment is not stored: it is never sent, and may hold a token', async () => {
    const { call } = await prepare({ method: 'POST' }, 'https://api.example/charges?a=1#access_token=s3cret');
    expect(call.url).toBe('https://api.example/charges?a=1');
  });

  test.each(['page_token', 'pageToken', 'key', 'order'])(
    'the query parameter %s is no credential',
    async (name) => {
      const { call } = await prepare({ method: 'POST' }, `https://api.example/charges?${name}=7`);
      expect(call.url).toBe(`https://api.example/charges?${name}=7`);
    },
  );

  test('a POST to a service that ignores keys is refused; what may be repeated anyway is not', async () => {
    const rules = { endpoints: { 'https://legacy.example/*': { idempotency: false as const } } };
    await expect(prepare({ method: 'POST' }, 'https://legacy.example/a', rules)).rejects.toThrow(
      'idempotency must name a dialect for POST https://legacy.example/a',
    );
    expect((await prepare({ method: 'PUT' }, 'https://legacy.example/a', rules)).call).toMatchObject({
      lifetime: null,
    });
  });

  test('the key and its lifetime are those of the client’s rules', async () => {
    const rules = {
      endpoints: { [`POST ${URL}`]: { idempotency: { ...dialects.default, lifetime: 1_234 } } },
    };
    expect((await prepare({ method: 'POST' }, URL, rules)).call.lifetime).toBe(1_234);
    expect((await prepare({ method: 'POST' })).call.lifetime).toBe(86_400_000);
    expect((await prepare({ method: 'POST', policy: 'short' })).call.lifetime).toBe(10_800_000);
    const { call, id } = await prepare({ method: 'POST', idempotencyKey: ['charge', 7] });
    // The same as a call without the outbox has: what was tried in vain before goes on under its key.
    let sent: string | null = null;
    const client = createFetch({
      fetch: async (_input, init) => {
        sent = new Headers(init?.headers).get('idempotency-key');
        return new Response();
      },
    });
    await client(URL, { method: 'POST', idempotencyKey: ['charge', 7] });
    expect(sent).toBe(call.key);
    expect((await prepare({ method: 'POST', idempotencyKey: ['charge', 7] })).id).toBe(id);
    expect((await prepare({ method: 'POST', idempotencyKey: ['charge', 8] })).id).not.toBe(id);
  });
});

describe('the options', () => {
  test.each([
    [{}, 'fetch must be a client that createFetch made'],
    [{ fetch: globalThis.fetch }, 'fetch must be a client that createFetch made, got a function'],
    [{ fetch, headres: [] }, 'did you mean headers?'],
    [{ fetch, bodyLimit: -1 }, 'bodyLimit must be a whole number from 0'],
    [{ fetch, schema: 'a b' }, 'schema must be a name of lower-case letters'],
    [{ fetch, backoff: { base: 0 } }, 'backoff.base must be a number of milliseconds'],
    [{ fetch, policies: { a: { retyr: {} } } }, 'policies.a.retyr is not an option; did you mean retry?'],
    [{ fetch, onDone: 1 }, 'onDone must be a function, got 1'],
  ])('%o are refused', (options, message) => {
    let error: unknown;
    try {
      checkOutbox(options as never);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error).message).toContain(message);
  });

  test('a credential can’t be put on the list of what is stored', () => {
    expect(() => allowList(['Authorization'])).toThrow(
      'headers[0] must not be a credential, got "Authorization"',
    );
  });

  test('work takes whole numbers', () => {
    expect(() => checkWork({ concurrency: 0 })).toThrow(
      'concurrency must be a whole number from 1 to 1000, got 0',
    );
    expect(() => checkWork({ pol: 1 } as never)).toThrow('did you mean poll?');
  });
});
