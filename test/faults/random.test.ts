import { test } from 'vitest';
import { expectNoBreach } from './random-run.ts';

test('random faults under random policies break no promise', () => expectNoBreach(240), 120_000);
