import { Request as UndiciRequest } from 'undici';
import { describe } from 'vitest';
import { type Answer, startMirror } from './mirror-server.ts';
import { outcome } from './observe.ts';
import { type Stage, sameAsFetch } from './same-as-fetch.ts';

const odd = (value: unknown) => value as never;
const OwnRequest = UndiciRequest as unknown as typeof Request;

/** Redirects `/`, `/1`, `/2`, … to the next one, and answers there. */
const redirect =
  (status: number, location = '/end'): Answer =>
  ({ url }, response, body) => {
    if (url === '/') response.writeHead(status, { location, 'x-step': 'first' }).end('go there');
    else response.writeHead(200, { 'x-step': 'last' }).end(body);
  };

async function follow(stage: Stage, init: object): Promise<unknown> {
  return { outcome: await outcome(stage.fetch(stage.url, odd(init))), seen: stage.server.seen };
}

const bodies: Record<string, () => object> = {
  'no body': () => ({}),
  'a string': () => ({ body: 'text' }),
  bytes: () => ({ body: new Uint8Array([1, 2, 3]) }),
  'a Blob': () => ({ body: new Blob(['text'], { type: 'text/x' }) }),
  'a query string': () => ({ body: new URLSearchParams('a=b') }),
  'a stream': () => ({ body: new Blob(['text']).stream(), duplex: 'half' }),
};

for (const mode of ['follow', 'manual', 'error'] as const) {
  describe(`redirect: '${mode}'`, () => {
    for (const status of [300, 301, 302, 303, 304, 307, 308]) {
      sameAsFetch(`${status} on a GET`, (stage) => {
        stage.server.answer = redirect(status);
        return follow(stage, { redirect: mode });
      });
    }
    sameAsFetch('303 on a POST', (stage) => {
      stage.server.answer = redirect(303);
      return follow(stage, { redirect: mode, method: 'POST', body: 'text' });
    });
    sameAsFetch(`as a Request says`, async ({ fetch, server, url }) => {
      server.answer = redirect(307);
      const request = new OwnRequest(url, { method: 'POST', body: 'text', redirect: mode });
      return { outcome: await outcome(fetch(request)), seen: server.seen };
    });
  });
}

describe('a redirect of a request with a body', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    for (const [name, make] of Object.entries(bodies)) {
      sameAsFetch(`${status} of a POST with ${name}`, (stage) => {
        stage.server.answer = redirect(status);
        return follow(stage, { method: 'POST', headers: { 'x-a': '1' }, ...make() });
      });
    }
    sameAsFetch(`${status} of a PUT`, (stage) => {
      stage.server.answer = redirect(status);
      return follow(stage, { method: 'PUT', body: 'text' });
    });
  }
});

describe('a redirect', () => {
  const locations: Record<string, string> = {
    'that is relative': 'there?a=b',
    'to nowhere': '',
    'with a fragment': '/end#part',
    'to what is no URL': 'http://',
    'to a file': 'file:///etc/hostname',
    'to data': 'data:text/plain,hello',
    'with credentials': 'http://user:secret@127.0.0.1:1/',
    'to a port that browsers avoid': 'http://127.0.0.1:25/',
  };
  for (const [name, location] of Object.entries(locations)) {
    sameAsFetch(name, (stage) => {
      stage.server.answer = redirect(302, location);
      return follow(stage, { headers: { authorization: 'Bearer x' } });
    });
  }

  sameAsFetch('without a location is an answer', (stage) => {
    stage.server.answer = (_request, response) => void response.writeHead(302).end('where to?');
    return follow(stage, {});
  });

  sameAsFetch('keeps the fragment of the first URL', async ({ fetch, server, url }) => {
    server.answer = redirect(302);
    return outcome(fetch(`${url}/#part`));
  });

  sameAsFetch('is followed twenty times', (stage) => {
    stage.server.answer = ({ url }, response) => {
      const step = Number(url?.slice(1));
      if (step < 20) response.writeHead(302, { location: `/${step + 1}` }).end();
      else response.end('there');
    };
    return follow(stage, {});
  });

  sameAsFetch('is not followed for ever', (stage) => {
    stage.server.answer = (_request, response) => void response.writeHead(302, { location: '/' }).end();
    return follow(stage, {});
  });

  sameAsFetch('to another origin loses what was meant for the first', async (stage) => {
    await using other = await startMirror();
    stage.server.answer = redirect(307, other.url);
    const headers = { authorization: 'Bearer x', cookie: 'a=b', 'proxy-authorization': 'y', 'x-mine': '1' };
    const init = { method: 'PUT', body: 'text', headers };
    const response = await stage.fetch(stage.url, init);
    const names = other.seen.map((request) => request.headers.map(([name]) => name));
    const { status, redirected } = response;
    return {
      status,
      redirected,
      there: response.url === `${other.url}/`,
      names,
      bodies: other.seen[0]?.body,
    };
  });
});
