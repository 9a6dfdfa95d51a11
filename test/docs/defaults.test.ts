import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaults } from '../../src/policy/defaults.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const { timeout, retry, idempotency, breaker, budget, patience } = defaults;
const seconds = (ms: number) => `${ms / 1_000} s`;

test.each([
  ['`timeout.attempt`', seconds(timeout.attempt)],
  ['`timeout.idle`', seconds(timeout.idle)],
  ['`timeout.total`', seconds(timeout.total)],
  ['`retry.attempts`', `${retry.attempts}`],
  ['`retry.base`, `.factor`, `.cap`', `${retry.base} ms, ${retry.factor}, ${seconds(retry.cap)}`],
  ['`retry.statuses`', retry.statuses.join(' ')],
  ['`retry.retryAfter`', seconds(retry.retryAfter)],
  ['`idempotency`', `\`'${idempotency}'\``],
  ['`breaker.scope`', `\`'${breaker.scope}'\``],
  [
    '`breaker.threshold`, `.minimum`, `.window`',
    `${breaker.threshold * 100} %, ${breaker.minimum}, ${seconds(breaker.window)}`,
  ],
  ['`breaker.cooldown`, `.maxCooldown`', `${seconds(breaker.cooldown)}, ${seconds(breaker.maxCooldown)}`],
  ['`budget.ratio`, `budget.reserve`', `${budget.ratio}, ${budget.reserve}`],
  ['`timeout.body`', 'off'],
  ['`buffer`', 'off'],
  ['`patience`', seconds(patience)],
])('the README says that the default of %s is %s', (name, value) => {
  expect(readme).toContain(`| ${name} | ${value} |`);
});

test('the picture of the way of a call shows the defaults', () => {
  const picture = readFileSync(new URL('../../docs/way-of-a-call.svg', import.meta.url), 'utf8');
  expect(picture).toContain(`until its response (${seconds(timeout.total)})`);
  expect(picture).toContain(`(${seconds(timeout.attempt)})`);
  expect([retry.attempts, picture.includes('up to five attempts')]).toEqual([5, true]);
});

const PARTS: Readonly<Record<string, object>> = {
  TimeoutOptions: timeout,
  RetryOptions: retry,
  BreakerOptions: breaker,
  BudgetOptions: budget,
  Policy: defaults,
};

/** What the doc comments say: interface, option, default. */
function* documented(): Generator<readonly [type: string, name: string, said: string]> {
  const source = readFileSync(new URL('../../src/model/options.ts', import.meta.url), 'utf8');
  for (const [, type = '', body = ''] of source.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}/gms)) {
    if (PARTS[type] === undefined) continue;
    for (const [, said = '', name = ''] of body.matchAll(
      /@default ([^\n]+)\n(?:(?!\*\/).)*\*\/\n {2}(\w+)\?:/gs,
    )) {
      yield [type, name, said];
    }
  }
}

test.each([...documented()])('the doc comment of %s.%s says its default, %s', (type, name, said) => {
  const value: unknown = Reflect.get(PARTS[type] ?? {}, name);
  const written =
    typeof value === 'string' ? `'${value}'` : Array.isArray(value) ? `[${value.join(', ')}]` : `${value}`;
  expect(said).toBe(written);
});

test('every number in the table of defaults has a doc comment that says it', () => {
  expect([...documented()].length).toBeGreaterThanOrEqual(19);
});
