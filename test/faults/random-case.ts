import fc from 'fast-check';
import { bodyKinds, isForInterceptor } from './bodies.ts';
import type { FaultCase, InjectedFault } from './fault-case.ts';
import { everyInjectedFault } from './matrix.ts';

const withBody = fc.record({
  method: fc.constantFrom('POST' as const, 'PUT' as const, 'PATCH' as const, 'DELETE' as const),
  body: fc.constantFrom(...bodyKinds),
});
const withoutBody = fc.record({
  method: fc.constantFrom('GET' as const, 'HEAD' as const),
  body: fc.constant('none' as const),
});

/** Faults that are not in the matrix: pauses that a server asks for, a conflict, and a slow answer. */
const more: readonly InjectedFault[] = [
  { kind: 'answer', status: 503, headers: { 'retry-after-ms': '25' } },
  { kind: 'answer', status: 503, headers: { 'retry-after-ms': '600' } },
  { kind: 'answer', status: 409 },
  { kind: 'slow', at: 'booked', ms: 120 },
];

const faults = fc.array(
  fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...everyInjectedFault) },
    { weight: 1, arbitrary: fc.constantFrom(...more) },
  ),
  { maxLength: 6 },
);

/** Any call under any policy, with any faults. Times are short: another attempt is made if at least 50 ms are left. */
export const anyCase: fc.Arbitrary<FaultCase> = fc
  .record({
    entry: fc.constantFrom('fetch' as const, 'interceptor' as const),
    request: fc.oneof({ weight: 4, arbitrary: withBody }, { weight: 1, arbitrary: withoutBody }),
    key: fc.constantFrom('fresh' as const, 'own' as const, 'business' as const, 'none' as const),
    faults,
    timeout: fc
      .record({
        attempt: fc.constantFrom(60, 100, 200),
        idle: fc.constantFrom(50, 100, 200),
        total: fc.constantFrom(150, 400, 1_500),
      })
      // A client refuses an attempt timeout above the total.
      .map((timeout) => ({ ...timeout, attempt: Math.min(timeout.attempt, timeout.total) })),
    retry: fc.record({
      attempts: fc.integer({ min: 1, max: 6 }),
      base: fc.constantFrom(0, 1, 3),
      cap: fc.constantFrom(3, 20),
    }),
    buffer: fc.constantFrom(false as const, 16, 64 * 1024),
    breaker: fc.option(fc.record({ minimum: fc.integer({ min: 1, max: 4 }) }), { nil: false as const }),
    budget: fc.option(fc.record({ ratio: fc.constantFrom(0, 1), reserve: fc.integer({ min: 0, max: 3 }) }), {
      nil: false as const,
    }),
    patience: fc.constantFrom(0, 1_000),
    signal: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('none' as const, 'shared' as const) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 150 }) },
    ),
    warmUp: fc.constantFrom('none' as const, 'ok' as const, 'close-idle' as const),
  })
  .map(({ request, entry, ...rest }) => ({
    ...request,
    ...rest,
    entry: isForInterceptor(request.body) ? entry : 'fetch',
  }));
