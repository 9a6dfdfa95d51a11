import { expect, test } from 'vitest';
import type { Delivery } from '../../src/model/failure.ts';
import type { Stopped } from '../../src/model/report.ts';
import { textOf } from './pages.ts';

/** The compiler wants each of them here. */
const stopped: Record<Stopped, true> = {
  success: true,
  'final-status': true,
  attempts: true,
  deadline: true,
  budget: true,
  breaker: true,
  limit: true,
  body: true,
  unsafe: true,
  aborted: true,
  policy: true,
};
const deliveries: Record<Delivery, true> = { 'not-sent': true, unknown: true, answered: true };

test('docs/what-now.md says what to do for each reason and each delivery', () => {
  const rows = textOf('docs/what-now.md').matchAll(/^\| `'([a-z-]+)'` \|(.*)\|$/gm);
  const cells = new Map([...rows].map(([, name = '', rest = '']) => [name, rest.split('|')]));
  expect([...cells.keys()].sort()).toEqual([...Object.keys(stopped), ...Object.keys(deliveries)].sort());
  for (const name of Object.keys(stopped)) expect(cells.get(name), name).toHaveLength(4);
});
