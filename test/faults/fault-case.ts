import type { Fault } from '../support/faults.ts';
import type { BodyKind } from './bodies.ts';

/** What goes wrong with one attempt: a fault of the server's, or nothing listens at the address. */
export type InjectedFault = Fault | { readonly kind: 'refused' };

/** One call and its faults. Plain JSON, so that a case can be printed and run again. */
export interface FaultCase {
  /** The entry point: `createFetch`, or `undici.request` through `resilience`. */
  readonly entry: 'fetch' | 'interceptor';
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body: BodyKind;
  /** `'fresh'`: the default. `'none'`: `idempotency: false`. */
  readonly key: 'fresh' | 'own' | 'business' | 'none';
  /** One fault per attempt. Later attempts meet none. */
  readonly faults: readonly InjectedFault[];
  readonly timeout: { readonly attempt: number; readonly idle: number; readonly total: number };
  readonly retry: { readonly attempts: number; readonly base: number; readonly cap: number };
  readonly buffer: number | false;
  readonly breaker: false | { readonly minimum: number };
  /** How long a call may wait for room, in milliseconds. */
  readonly patience: number;
  readonly budget: false | { readonly ratio: number; readonly reserve: number };
  /**
   * The caller's signal: none, one that all calls share and that is never aborted, or one of its own that is aborted after this
   * many milliseconds (0: in the same turn of the event loop).
   */
  readonly signal: 'none' | 'shared' | number;
  /** A request before the call, so that its first attempt finds an open connection, or one that is just closing. */
  readonly warmUp: 'none' | 'ok' | 'close-idle';
}

/** Whether a fault looks like silence, which only a timeout can end. */
export function isSilent(fault: InjectedFault): boolean {
  return fault.kind === 'late' || (fault.kind === 'cut' && fault.how === 'stall');
}

/** Whether the method makes a repeat of the call harmless. */
export function isIdempotent({ method }: FaultCase): boolean {
  return method !== 'POST' && method !== 'PATCH';
}

/** Whether the call has no effect at all. */
export function isSafe({ method }: FaultCase): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Whether every attempt must carry a key. */
export function hasKey(faultCase: FaultCase): boolean {
  return faultCase.key === 'fresh' ? !isIdempotent(faultCase) : faultCase.key !== 'none';
}

/** The name of a fault in tables. */
export function nameOf(fault: InjectedFault): string {
  switch (fault.kind) {
    case 'cut': {
      const what = [fault.how, 'at', fault.at];
      if ('framing' in fault) what.push('of a chunked answer');
      if ('answer' in fault) what.push(`of a ${fault.answer?.status}`);
      return what.join(' ');
    }
    case 'answer': {
      const bytes = fault.bytes === undefined ? '' : ` of ${fault.bytes} bytes`;
      return `${fault.status}${fault.effect === 'done' ? ' after the work' : ''}${bytes}`;
    }
    case 'slow':
      return `slow at ${fault.at}`;
    case 'interim':
      return `interim ${fault.statuses.join(', ')}`;
    case 'drip':
      return `drip of the ${fault.of}`;
    case 'garbage':
      return `garbage: ${fault.where}`;
    default:
      return fault.kind;
  }
}
