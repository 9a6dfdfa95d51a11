import { everyFault } from '../support/faults.ts';
import type { BodyKind } from './bodies.ts';
import { isSilent, type Story, type Trouble } from './story.ts';

export const everyTrouble: readonly Trouble[] = [
  ...everyFault,
  // Too long to be read in passing: who throws it away must also let go of its connection.
  { kind: 'answer', status: 503, bytes: 256 * 1024 },
  { kind: 'refused' },
];

const bodies: readonly BodyKind[] = ['none', 'string', 'bytes', 'stream', 'function', 'form'];
/** Every method, with each body that it may have. */
const requests: readonly Pick<Story, 'method' | 'body'>[] = [
  { method: 'GET', body: 'none' },
  { method: 'HEAD', body: 'none' },
  ...(['POST', 'PUT', 'PATCH'] as const).flatMap((method) => bodies.map((body) => ({ method, body }))),
];
/** Every key mode, with and without `buffer`, the trouble coming once and twice. */
const manners = (['fresh', 'own', 'none'] as const).flatMap((key) =>
  [false as const, 64 * 1024].flatMap((buffer) => [1, 2].map((times) => ({ key, buffer, times }))),
);

/** For troubles that only a clock ends. */
const SHORT = { attempt: 100, idle: 100, total: 2_000 };
/** For all others, so that a busy machine does not turn them into a timeout. */
const LONG = { attempt: 3_000, idle: 3_000, total: 9_000 };

type Manner = (typeof manners)[number];

function story(
  trouble: Trouble,
  request: Pick<Story, 'method' | 'body'>,
  { key, buffer, times }: Manner,
): Story {
  return {
    door: 'fetch',
    ...request,
    key,
    troubles: Array.from({ length: times }, () => trouble),
    timeout: isSilent(trouble) ? SHORT : LONG,
    retry: { attempts: 3, base: 1, cap: 2 },
    buffer,
    breaker: false,
    budget: false,
    signal: 'none',
    warmUp: 'none',
  };
}

/** Everything crossed with everything. */
export function* cross(): Generator<Story> {
  for (const trouble of everyTrouble) {
    for (const request of requests) {
      for (const manner of manners) yield story(trouble, request, manner);
    }
  }
}

/** Every trouble with every request, every trouble in every manner, and every request in every manner. */
export function* pairs(): Generator<Story> {
  for (const [row, trouble] of everyTrouble.entries()) {
    for (const [column, request] of requests.entries()) {
      const manner = manners[(row + column) % manners.length];
      if (manner !== undefined) yield story(trouble, request, manner);
    }
  }
}
