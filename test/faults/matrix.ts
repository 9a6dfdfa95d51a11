import { everyFault } from '../support/faults.ts';
import type { BodyKind } from './bodies.ts';
import { type FaultCase, type InjectedFault, isSilent } from './fault-case.ts';

export const everyInjectedFault: readonly InjectedFault[] = [
  ...everyFault,
  // Too long to be drained: to discard it, the client has to close the connection.
  { kind: 'answer', status: 503, bytes: 256 * 1024 },
  { kind: 'refused' },
];

const bodies: readonly BodyKind[] = ['none', 'string', 'bytes', 'stream', 'function', 'form'];
/** Every method, with each body that it can have. */
const requests: readonly Pick<FaultCase, 'method' | 'body'>[] = [
  { method: 'GET', body: 'none' },
  { method: 'HEAD', body: 'none' },
  ...(['POST', 'PUT', 'PATCH'] as const).flatMap((method) => bodies.map((body) => ({ method, body }))),
];
/** Every key mode, with and without `buffer`, the fault coming once and twice. */
const modes = (['fresh', 'own', 'none'] as const).flatMap((key) =>
  [false as const, 64 * 1024].flatMap((buffer) => [1, 2].map((times) => ({ key, buffer, times }))),
);

/** For faults that only a timeout ends. */
const SHORT = { attempt: 100, idle: 100, total: 2_000 };
/** For all other faults, so that a busy machine does not cause a timeout. */
const LONG = { attempt: 3_000, idle: 3_000, total: 9_000 };

type Mode = (typeof modes)[number];

function caseOf(
  fault: InjectedFault,
  request: Pick<FaultCase, 'method' | 'body'>,
  { key, buffer, times }: Mode,
): FaultCase {
  return {
    entry: 'fetch',
    ...request,
    key,
    faults: Array.from({ length: times }, () => fault),
    timeout: isSilent(fault) ? SHORT : LONG,
    retry: { attempts: 3, base: 1, cap: 2 },
    buffer,
    breaker: false,
    budget: false,
    patience: 0,
    signal: 'none',
    warmUp: 'none',
  };
}

/** Every combination of fault, request and mode. */
export function* allCombinations(): Generator<FaultCase> {
  for (const fault of everyInjectedFault) {
    for (const request of requests) {
      for (const mode of modes) yield caseOf(fault, request, mode);
    }
  }
}

/** Pairwise: every fault with every request, every fault in every mode, and every request in every mode. */
export function* pairwise(): Generator<FaultCase> {
  for (const [row, fault] of everyInjectedFault.entries()) {
    for (const [column, request] of requests.entries()) {
      const mode = modes[(row + column) % modes.length];
      if (mode !== undefined) yield caseOf(fault, request, mode);
    }
  }
}
