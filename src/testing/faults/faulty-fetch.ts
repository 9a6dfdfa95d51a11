import type { FetchInit, FetchInput, FetchLike } from '../../model/options.ts';
import { networkErrors } from './network-errors.ts';
import { type FaultRule, numbersOf } from './rule.ts';
import type { FaultSchedule } from './schedule.ts';

/** A `fetch` with the faults of a schedule. */
export function faultyFetch(schedule: FaultSchedule, send: FetchLike): FetchLike {
  return async (input, init) => {
    const { method, url } = describe(input, init);
    const rule = schedule.next(method, url);
    return rule === undefined
      ? send(input, init)
      : suffer(rule, () => send(input, init), signalOf(input, init));
  };
}

async function suffer(
  rule: FaultRule,
  send: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  const { status, retryAfter, piece, length, gap } = numbersOf(rule);
  switch (rule.fault) {
    case 'refuse':
      throw failed(networkErrors.refused());
    case 'reset-before':
      throw failed(networkErrors.reset());
    case 'status': {
      const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
      return new Response(null, { status, headers });
    }
    case 'reset-after':
      await (await send()).body?.cancel();
      throw failed(networkErrors.reset());
    case 'stall':
      await (await send()).body?.cancel();
      // It may have been aborted by now, if what sends does not listen.
      signal?.throwIfAborted();
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    case 'drip':
      return withBody(await send(), (body) => dripping(body, piece, gap));
    case 'truncate':
      return withBody(await send(), (body) => truncated(body, length));
  }
}

/** The error that undici's `fetch` rejects with. */
function failed(cause: Error): TypeError {
  return new TypeError('fetch failed', { cause });
}

function withBody(
  response: Response,
  change: (body: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>,
): Response {
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  const pieces = change(response.body as unknown as AsyncIterable<Uint8Array>);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return new Response(body, { status, statusText, headers });
}

async function* dripping(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  gap: number,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += bytes) {
      yield chunk.subarray(at, at + bytes);
      await new Promise((resolve) => setTimeout(resolve, gap));
    }
  }
}

async function* truncated(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) break;
  }
  throw new TypeError('terminated', { cause: networkErrors.closed() });
}

function describe(input: FetchInput, init: FetchInit | undefined): { method: string; url: string } {
  const isRequest = typeof input === 'object' && 'url' in input;
  const method = init?.method ?? (isRequest ? input.method : 'GET');
  return { method, url: isRequest ? input.url : String(input) };
}

function signalOf(input: FetchInput, init: FetchInit | undefined): AbortSignal | undefined {
  const own = init?.signal ?? undefined;
  return own ?? (typeof input === 'object' && 'signal' in input ? input.signal : undefined);
}
