import type { CallReport } from '../../../src/index.ts';
import type { OrderOutcome } from './order-client.ts';
import type { Observed } from './trial.ts';

/** The promises that did not hold, one line each. */
export function brokenPromises(observed: Observed): string[] {
  const { told, effects } = observed;
  const strangers = [...effects.keys()].filter((order) => told.every((one) => one.order !== order));
  return [
    ...told.flatMap((one) => brokenFor(one, observed)),
    ...strangers.map((order) => `order ${order}: has an effect, and nobody asked for it`),
  ];
}

function brokenFor({ order, calls, answer }: OrderOutcome, { seen, repeats, effects }: Observed): string[] {
  const booked = effects.get(order) ?? [];
  const repeat = repeats.get(order);
  const requests = seen.get(order) ?? 0;
  const attempts = [...calls, ...(repeat?.calls ?? [])].flatMap((call) => call.attempts);
  const sent = attempts.filter(({ delivery }) => delivery !== 'not-sent').length;
  const rules: [boolean, string][] = [
    [booked.length === 1, `has ${booked.length} effects`],
    [answer !== undefined, `nobody ever answered, in ${calls.length} calls`],
    [answer?.ok !== false, `was told no: ${answer?.text}`],
    [!answer?.ok || booked.includes(answer.text), `was told ${answer?.text}, the ledger has ${booked}`],
    [
      !answer?.ok || repeat?.answer?.text === answer.text,
      `was told ${answer?.text}, later ${repeat?.answer?.text}`,
    ],
    [repeat?.answer?.replayed === true, 'its last answer was no replay'],
    [requests <= sent, `${requests} requests were seen, and only ${sent} are said to have been sent`],
    [calls.every((call) => isConsistent(call)), 'a call that was sent says that it was not'],
  ];
  return rules.flatMap(([holds, what]) => (holds ? [] : [`order ${order}: ${what}`]));
}

function isConsistent({ delivery, attempts }: CallReport): boolean {
  return delivery !== 'not-sent' || attempts.every((attempt) => attempt.delivery === 'not-sent');
}

/** The run in numbers. */
export function summary({ told, seen, effects }: Observed): Record<string, number> {
  const calls = told.flatMap((one) => one.calls);
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);
  const knowing = told.filter(({ answer }) => answer !== undefined);
  return {
    orders: told.length,
    'knew after one call': knowing.filter((one) => one.calls.length === 1).length,
    'knew after asking again': knowing.filter((one) => one.calls.length > 1).length,
    'never knew': told.length - knowing.length,
    'most calls for an order': Math.max(0, ...told.map((one) => one.calls.length)),
    calls: calls.length,
    'calls not sent': calls.filter(({ delivery }) => delivery === 'not-sent').length,
    'calls with unknown outcome': calls.filter(({ delivery }) => delivery === 'unknown').length,
    'attempts not sent': calls
      .flatMap(({ attempts }) => attempts)
      .filter(({ delivery }) => delivery === 'not-sent').length,
    attempts: sum(calls.map(({ attempts }) => attempts.length)),
    'requests that were seen': sum(seen.values()),
    effects: sum([...effects.values()].map((answers) => answers.length)),
  };
}
