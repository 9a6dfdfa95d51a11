import type { Fault } from '../support/faults.ts';
import type { BodyKind } from './bodies.ts';

/** What goes wrong with one attempt: a fault of the server's, or nobody listens where the client connects to. */
export type Trouble = Fault | { readonly kind: 'refused' };

/** One call and what goes wrong with it. Plain JSON, so that it can be logged and told again. */
export interface Story {
  /** Which way in: `createFetch`, or `undici.request` through `resilience`. */
  readonly door: 'fetch' | 'interceptor';
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body: BodyKind;
  /** `'fresh'`: as it comes. `'none'`: `idempotency: false`. */
  readonly key: 'fresh' | 'own' | 'business' | 'none';
  /** One for each attempt; after the last one all goes well. */
  readonly troubles: readonly Trouble[];
  readonly timeout: { readonly attempt: number; readonly idle: number; readonly total: number };
  readonly retry: { readonly attempts: number; readonly base: number; readonly cap: number };
  readonly buffer: number | false;
  readonly breaker: false | { readonly minimum: number };
  readonly budget: false | { readonly ratio: number; readonly reserve: number };
  /**
   * The caller's signal: none, one that all calls share and nobody aborts, or one of its own that is aborted after so
   * many milliseconds (0: in the same turn of the event loop).
   */
  readonly signal: 'none' | 'shared' | number;
  /** A request before the call, so that its first attempt finds an open connection, or one that is just closing. */
  readonly warmUp: 'none' | 'ok' | 'close-idle';
}

/** Whether a trouble shows as silence, which only a clock can end. */
export function isSilent(trouble: Trouble): boolean {
  return trouble.kind === 'late' || (trouble.kind === 'cut' && trouble.how === 'stall');
}

/** Whether a repeat of the call is harmless by the nature of its method. */
export function isIdempotent({ method }: Story): boolean {
  return method !== 'POST' && method !== 'PATCH';
}

/** Whether the call has no effect at all. */
export function isSafe({ method }: Story): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Whether every attempt must carry a key. */
export function hasKey(story: Story): boolean {
  return story.key === 'fresh' ? !isIdempotent(story) : story.key !== 'none';
}

/** What a trouble is called in a table. */
export function nameOf(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'cut': {
      const what = [trouble.how, 'at', trouble.at];
      if ('framing' in trouble) what.push('of a chunked answer');
      if ('answer' in trouble) what.push(`of a ${trouble.answer?.status}`);
      return what.join(' ');
    }
    case 'answer': {
      const bytes = trouble.bytes === undefined ? '' : ` of ${trouble.bytes} bytes`;
      return `${trouble.status}${trouble.effect === 'done' ? ' after the work' : ''}${bytes}`;
    }
    case 'slow':
      return `slow at ${trouble.at}`;
    case 'interim':
      return `interim ${trouble.statuses.join(', ')}`;
    case 'drip':
      return `drip of the ${trouble.of}`;
    case 'garbage':
      return `garbage: ${trouble.where}`;
    default:
      return trouble.kind;
  }
}
