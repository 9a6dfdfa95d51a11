import { expect, test } from 'vitest';
import { BROUGHT as inBrowsers } from '../../src/policy/brought.browser.ts';
import { BROUGHT } from '../../src/policy/brought.ts';

test('browsers refuse the same names as Node', () => {
  expect([...inBrowsers.keys()].sort()).toEqual([...BROUGHT.keys()].sort());
});
