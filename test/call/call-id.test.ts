import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { callId } from '../../src/call/call-id.ts';

test('three hundred thousand ids of calls are different UUIDs', () => {
  const ids = new Set(Array.from({ length: 300_000 }, callId));
  expect(ids.size).toBe(300_000);
  const some = [...ids].filter((_, at) => at % 1_000 === 0);
  expect(some.filter((id) => !validate(id) || version(id) !== 8)).toEqual([]);
});
