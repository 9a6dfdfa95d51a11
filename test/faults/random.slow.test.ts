import { test } from 'vitest';
import { expectNoBreach } from './random-run.ts';

test('many more random faults under random policies break no promise', () => expectNoBreach(2_400), 120_000);
