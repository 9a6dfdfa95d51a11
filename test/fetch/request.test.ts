import { Request as UndiciRequest } from 'undici';
import { describe, expect, test } from 'vitest';
import { readRequest } from '../../src/fetch/request.ts';

const odd = (value: unknown) => value as never;
const url = 'https://api.example/v1/charges?a=b';
const OwnRequest = UndiciRequest as unknown as typeof Request;

describe('the method is what fetch sends', () => {
  test.each([
    [undefined, 'GET'],
    ['get', 'GET'],
    ['Delete', 'DELETE'],
    ['head', 'HEAD'],
    ['options', 'OPTIONS'],
    ['post', 'POST'],
    ['put', 'PUT'],
    ['patch', 'patch'],
    ['PATCH', 'PATCH'],
    ['query', 'query'],
    [null, 'null'],
  ])('%s is sent as %s', (method, sent) => {
    expect(readRequest(url, odd({ method }))?.method).toBe(sent);
  });
});

describe('there is nothing for a policy', () => {
  const inputs: Record<string, [unknown, unknown?]> = {
    'in data': ['data:,x'],
    'in a file': ['file:///x'],
    'without a URL': [undefined],
    'in a relative URL': ['/x'],
    'with credentials': ['http://user:secret@api.example/'],
    'with a name alone': ['http://user@api.example/'],
    'with a password alone': ['http://:secret@api.example/'],
    'in an init that is none': [url, 'POST'],
    'in a signal that is none': [url, { signal: {} }],
    'in a signal that is a string': [url, { signal: 'x' }],
  };
  for (const [name, [input, init = {}]] of Object.entries(inputs)) {
    test(name, () => expect(readRequest(odd(input), odd(init))).toBeUndefined());
  }

  test('in a Request that was used', async () => {
    const request = new Request(url, { method: 'POST', body: 'x' });
    await request.text();
    expect(readRequest(request, {})).toBeUndefined();
    expect(readRequest(request, { body: null })).toBeUndefined();
    expect(readRequest(request, { body: 'other' })).toMatchObject({ body: 'other', stream: undefined });
  });

  test('in a Request whose body somebody reads', () => {
    const request = new Request(url, { method: 'POST', body: 'x' });
    request.body?.getReader();
    expect(readRequest(request, {})).toBeUndefined();
  });
});

describe('a Request is taken apart', () => {
  const request = () =>
    new OwnRequest(
      url,
      odd({
        method: 'POST',
        headers: { a: '1' },
        body: 'x',
        mode: 'same-origin',
        credentials: 'include',
        cache: 'reload',
        redirect: 'manual',
        referrer: 'https://from.example/',
        referrerPolicy: 'unsafe-url',
        integrity: 'sha256-x',
        keepalive: true,
      }),
    );

  test('with all that the standard lets one read', () => {
    const given = request();
    const read = readRequest(given, {});
    expect(read).toMatchObject({
      method: 'POST',
      url: new URL(url),
      signal: given.signal,
      body: undefined,
      stream: given.body,
      init: {
        method: 'POST',
        mode: 'same-origin',
        credentials: 'include',
        cache: 'reload',
        redirect: 'manual',
        referrer: 'https://from.example/',
        referrerPolicy: 'unsafe-url',
        integrity: 'sha256-x',
        // As a stream it could not be sent otherwise.
        keepalive: false,
        duplex: 'half',
      },
    });
    expect(new Headers(read?.init.headers).get('a')).toBe('1');
  });

  test('under the members of an init, of which undefined is none', () => {
    const { signal } = new AbortController();
    const init = odd({
      method: undefined,
      redirect: 'error',
      headers: { b: '2' },
      body: 'y',
      signal,
      color: 'red',
    });
    const read = readRequest(request(), init);
    expect(read).toMatchObject({ method: 'POST', signal, body: 'y', stream: undefined });
    expect(read?.init).toMatchObject({ redirect: 'error', cache: 'reload', keepalive: true, color: 'red' });
    expect(read?.init).not.toHaveProperty('duplex');
    expect(read?.init).not.toHaveProperty('referrer');
    expect(new Headers(read?.init.headers).get('a')).toBeNull();
  });

  test('without its signal, if the init says null', () => {
    expect(readRequest(request(), { signal: null })?.signal).toBeUndefined();
  });

  test('without a body, if it has none', () => {
    const read = readRequest(new Request(url, { keepalive: true }), {});
    expect(read).toMatchObject({ stream: undefined, init: { keepalive: true } });
    expect(read?.init).not.toHaveProperty('duplex');
  });
});

test('an init is copied without what is ours and what differs between attempts', () => {
  const init = odd({
    method: 'PUT',
    body: 'x',
    signal: null,
    dispatcher: {},
    policy: {},
    idempotencyKey: 'k',
    color: 'red',
    mode: undefined,
  });
  expect(readRequest(url, init)?.init).toEqual({ method: 'PUT', color: 'red' });
});

test('an init may inherit its members', () => {
  const init = Object.create({ method: 'PUT', duplex: 'half', body: 'x', color: 'red' });
  expect(readRequest(url, init)).toMatchObject({ body: 'x', init: { method: 'PUT', duplex: 'half' } });
});
