import type { AttemptReport } from '../../../src/index.ts';
import { hasKey } from '../fault-case.ts';
import type { Observation } from '../observation.ts';

const attemptsOf = ({ report }: Observation): readonly AttemptReport[] => report?.attempts ?? [];

/** Checked from outside: by the bytes that the client's sockets wrote during each attempt, and by the requests at the server. */
export function* notSentIsAFact(seen: Observation): Generator<string> {
  const { report, written, begun, effects } = seen;
  for (const [index, { delivery }] of attemptsOf(seen).entries()) {
    const bytes = written[index] ?? 0;
    if (delivery === 'not-sent' && bytes > 0) yield `attempt ${index + 1} wrote ${bytes} bytes`;
  }
  if (report?.delivery === 'not-sent' && begun + effects > 0) {
    yield `the server saw ${begun} requests and had ${effects} effects`;
  }
}

/**
 * An attempt is at most one request, because nothing is redirected here. A request that was answered is one that the
 * server has read completely. The number between these two bounds can't be known.
 */
export function* attemptsAreRequests(seen: Observation): Generator<string> {
  const attempts = attemptsOf(seen);
  const sent = attempts.filter(({ delivery }) => delivery !== 'not-sent').length;
  const answered = attempts.filter(({ delivery }) => delivery === 'answered').length;
  const { begun, recorded, written } = seen;
  if (begun > sent) yield `${sent} attempts were sent, the server saw ${begun} requests`;
  if (answered > recorded.length) {
    yield `${answered} attempts were answered, the server read ${recorded.length} requests`;
  }
  for (const [index, { delivery }] of attempts.entries()) {
    if (delivery === 'answered' && written[index] === 0)
      yield `attempt ${index + 1} was answered but wrote nothing`;
  }
}

export function* keyIsTheSame({ faultCase, seen, report }: Observation): Generator<string> {
  const key = report?.idempotencyKey;
  if ((key !== undefined) !== hasKey(faultCase)) yield `the report says ${key}`;
  for (const request of seen) {
    if (request.key !== key) yield `attempt ${request.attempt} had ${request.key}, the report says ${key}`;
  }
}

export function* bytesAreTheSame({ made, seen, recorded }: Observation): Generator<string> {
  const [first] = recorded;
  for (const request of recorded) {
    const { attempt, body, bodyLength, sha256 } = request;
    if (sha256 !== first?.sha256) yield `attempt ${attempt} had other bytes than the first`;
    const whole = made.bytes === undefined || body.equals(made.bytes);
    if (!whole) yield `attempt ${attempt} had ${bodyLength} other bytes than the caller gave`;
  }
  for (const { attempt, headers } of seen) {
    const type = headers['content-type'];
    if (type !== seen[0]?.headers['content-type']) yield `attempt ${attempt} had another content-type`;
    const right = made.contentType === undefined ? type === undefined : made.contentType.test(type ?? '');
    if (!right) yield `attempt ${attempt} had the content-type ${type}`;
  }
}
