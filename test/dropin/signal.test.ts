import { once } from 'node:events';
import { Agent, Request as UndiciRequest } from 'undici';
import { describe } from 'vitest';
import { errorFacts, settledWithin } from './observe.ts';
import { type Observe, type Stage, sameAsFetch } from './same-as-fetch.ts';

const odd = (value: unknown) => value as never;
const OwnRequest = UndiciRequest as unknown as typeof Request;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** All kinds of abort reasons. Undefined: none, so that the platform makes one. */
const reasons: Record<string, unknown> = {
  'an Error': new Error('stop'),
  'a TypeError': new TypeError('fetch failed'),
  'a string': 'stop',
  'an object': { why: 'stop' },
  null: null,
  zero: 0,
  'a DOMException': new DOMException('stop', 'NotAllowedError'),
  nothing: undefined,
};

/** How a call ended, one turn of the event loop from now, and whether it rejected with the signal's own reason. */
async function aborted(call: Promise<unknown>, { signal }: AbortController): Promise<unknown> {
  const state = await settledWithin(call);
  if (typeof state !== 'object' || state === null || !('rejected' in state)) return { state };
  return { same: state.rejected === signal.reason, error: errorFacts(state.rejected) };
}

/** Waits until the server has read `count` requests. */
async function seen({ server }: Stage, count = 1): Promise<void> {
  while (server.seen.length < count) await turn();
}

/** Each phase of a call, up to the abort in it; then the promise that should reject, in a list so that it is not awaited. */
const phases: Record<
  string,
  (stage: Stage, signal: AbortSignal, abort: () => void) => Promise<[Promise<unknown>]>
> = {
  'before the call': async ({ fetch, url }, signal, abort) => {
    abort();
    return [fetch(url, { signal })];
  },
  'in the same tick as the call': async ({ fetch, url }, signal, abort) => {
    const call = fetch(url, { signal });
    abort();
    return [call];
  },
  'in a microtask after the call': async ({ fetch, url }, signal, abort) => {
    const call = fetch(url, { signal });
    await Promise.resolve();
    abort();
    return [call];
  },
  'before a call with a body': async ({ fetch, url }, signal, abort) => {
    abort();
    return [fetch(url, { signal, method: 'POST', body: 'x' })];
  },
  'while it connects': async ({ fetch, url }, signal, abort) => {
    let connecting = false;
    const connect = () => {
      connecting = true;
    };
    const dispatcher = odd(new Agent({ connect: odd(connect) }));
    const call = fetch(url, odd({ signal, dispatcher, method: 'POST', body: 'x' }));
    while (!connecting) await turn();
    abort();
    return [call];
  },
  'while it waits for a connection': async (stage, signal, abort) => {
    const { fetch, url, server } = stage;
    server.answer = () => {};
    const dispatcher = odd(new Agent({ connections: 1 }));
    fetch(url, odd({ dispatcher, signal: AbortSignal.timeout(1_000) })).catch(() => {});
    await seen(stage);
    const call = fetch(`${url}/queued`, odd({ signal, dispatcher }));
    await turn();
    abort();
    return [call];
  },
  'while it waits for the answer': async (stage, signal, abort) => {
    stage.server.answer = () => {};
    const call = stage.fetch(stage.url, { signal, method: 'POST', body: 'x' });
    await seen(stage);
    abort();
    return [call];
  },
  'while it follows a redirect': async (stage, signal, abort) => {
    stage.server.answer = ({ url }, response) => {
      if (url === '/') response.writeHead(307, { location: '/next' }).end();
    };
    const call = stage.fetch(stage.url, { signal });
    await seen(stage, 2);
    abort();
    return [call];
  },
  'between the headers and the body': async ({ fetch, url, server }, signal, abort) => {
    server.answer = (_request, response) => void response.writeHead(200).write('half');
    const response = await fetch(url, { signal });
    abort();
    return [response.text()];
  },
  'while the body is awaited': async ({ fetch, url, server }, signal, abort) => {
    server.answer = (_request, response) => void response.writeHead(200).write('half');
    const reader = (await fetch(url, { signal })).body?.getReader();
    await reader?.read();
    const next = reader?.read() ?? Promise.resolve();
    abort();
    return [next];
  },
  'while the whole body is awaited': async ({ fetch, url, server }, signal, abort) => {
    server.answer = (_request, response) => void response.writeHead(200).write('half');
    const text = (await fetch(url, { signal })).text();
    await turn();
    abort();
    return [text];
  },
  'while a clone is read': async ({ fetch, url, server }, signal, abort) => {
    server.answer = (_request, response) => void response.writeHead(200).write('half');
    const text = (await fetch(url, { signal })).clone().text();
    await turn();
    abort();
    return [text];
  },
  'after the body was read': async ({ fetch, url }, signal, abort) => {
    const response = await fetch(url, { signal });
    const text = await response.text();
    abort();
    return [Promise.resolve(text)];
  },
  'after an answer without a body': async ({ fetch, url, server }, signal, abort) => {
    server.answer = (_request, response) => void response.writeHead(204).end();
    const response = await fetch(url, { signal });
    abort();
    return [response.text()];
  },
};

for (const [phase, reach] of Object.entries(phases)) {
  sameAsFetch(`an abort ${phase}, with any reason`, async (stage) => {
    const results: Record<string, unknown> = {};
    for (const [name, reason] of Object.entries(reasons)) {
      stage.server.reset();
      const controller = new AbortController();
      const abort = () => controller.abort(...(reason === undefined ? [] : [reason]));
      const [promise] = await reach(stage, controller.signal, abort);
      results[name] = await aborted(promise, controller);
    }
    return results;
  });
}

describe('where the signal comes from', () => {
  const hangs = ({ server }: Stage) => {
    server.answer = () => {};
  };
  const withOwn =
    (
      make: (url: string, signal: AbortSignal, other: AbortSignal) => [string | Request, RequestInit?],
    ): Observe =>
    async (stage) => {
      hangs(stage);
      const [controller, other] = [new AbortController(), new AbortController()];
      const call = stage.fetch(...make(stage.url, controller.signal, other.signal));
      call.catch(() => {});
      await seen(stage);
      controller.abort('stop');
      const first = await settledWithin(call);
      other.abort('the other');
      return { first, second: await settledWithin(call) };
    };

  sameAsFetch(
    "a Request's",
    withOwn((url, signal) => [new OwnRequest(url, { signal })]),
  );
  sameAsFetch(
    "the init's, which replaces a Request's",
    withOwn((url, signal, other) => [new OwnRequest(url, { signal }), { signal: other }]),
  );
  sameAsFetch(
    "nobody's, if the init says null",
    withOwn((url, signal) => [new OwnRequest(url, { signal }), { signal: null }]),
  );
  sameAsFetch(
    "a Request's, if the init says undefined",
    withOwn((url, signal) => [new OwnRequest(url, { signal }), odd({ signal: undefined })]),
  );
  sameAsFetch(
    "a Request's that is the init",
    withOwn((url, signal) => [url, new OwnRequest(url, { signal })]),
  );
  sameAsFetch(
    'one that is only inherited',
    withOwn((url, signal) => [url, Object.create({ signal }) as RequestInit]),
  );
  sameAsFetch(
    'several, of which any counts',
    withOwn((url, signal, other) => [url, { signal: AbortSignal.any([other, signal]) }]),
  );
  sameAsFetch('a clock', async (stage) => {
    hangs(stage);
    const signal = AbortSignal.timeout(20);
    const error = await stage.fetch(stage.url, { signal }).catch((thrown: unknown) => thrown);
    return { same: error === signal.reason, error: errorFacts(error) };
  });
  sameAsFetch('one that aborted with a Request long ago', async ({ fetch, url, server }) => {
    const request = new OwnRequest(url, { signal: AbortSignal.abort('long ago'), method: 'POST', body: 'x' });
    const call = fetch(request);
    const result = await settledWithin(call);
    return { result, seen: server.seen, bodyUsed: request.bodyUsed };
  });
});

describe('around an abort', () => {
  sameAsFetch('calls on one signal end in the order in which they were made', async (stage) => {
    stage.server.answer = () => {};
    const controller = new AbortController();
    const order: number[] = [];
    const calls = [1, 2, 3].map((number) =>
      stage.fetch(stage.url, { signal: controller.signal }).catch(() => order.push(number)),
    );
    await seen(stage, 3);
    controller.abort();
    await Promise.all(calls);
    return order;
  });

  sameAsFetch('the connection is closed', async (stage) => {
    const closed = deferred();
    stage.server.answer = (request) => void once(request.socket, 'close').then(closed.resolve);
    const controller = new AbortController();
    const call = stage.fetch(stage.url, { signal: controller.signal }).catch(() => 'aborted');
    await seen(stage);
    controller.abort();
    await closed.promise;
    return call;
  });

  sameAsFetch('wrong arguments are wrong first', async ({ fetch, url }) => {
    const signal = AbortSignal.abort('stop');
    const calls = [
      fetch('not a URL', { signal }),
      fetch(url, { signal, headers: { 'a b': 'c' } }),
      fetch(url, { signal, body: 'on a GET' }),
      fetch(url, { signal, mode: odd('fast') }),
      fetch('gopher://x/', { signal }),
    ];
    return (await Promise.allSettled(calls)).map(
      (call) => call.status === 'rejected' && errorFacts(call.reason),
    );
  });

  sameAsFetch('a stream that was to be sent is cancelled with the reason', async ({ fetch, url }) => {
    const told: unknown[] = [];
    const body = new ReadableStream({
      cancel: (reason) => {
        told.push(reason);
      },
    });
    const signal = AbortSignal.abort('stop');
    await fetch(url, { signal, method: 'POST', body, duplex: 'half' }).catch(() => {});
    await turn();
    return { told };
  });

  sameAsFetch('an upload under way ends with the reason', async (stage) => {
    const controller = new AbortController();
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(stream) {
        await turn();
        stream.enqueue(new Uint8Array(16));
        if (++pulled === 5) controller.abort('stop');
        if (pulled === 20) stream.close();
      },
    });
    const { signal } = controller;
    const init = odd({ signal, method: 'POST', body, duplex: 'half' });
    const error = await stage.fetch(stage.url, init).catch((thrown: unknown) => thrown);
    return { error, seen: stage.server.seen };
  });
});

function deferred() {
  let resolve: (value?: unknown) => void = () => {};
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
