import { describe, expect, it } from 'vitest';
import { Recent } from '../../src/platform/recent.ts';

describe('recent entries', () => {
  const fill = (recent: Recent<object | null>, from: number, to: number) => {
    for (let n = from; n < to; n++) recent.set(`k${n}`, { n });
  };
  const held = (recent: Recent<object | null>, upTo: number) =>
    Array.from({ length: upTo }, (_, n) => `k${n}`).filter((key) => recent.get(key) !== undefined).length;

  it('are found again, and null is an entry like any other', () => {
    const recent = new Recent<object | null>();
    const value = {};
    recent.set('a', value);
    recent.set('b', null);
    expect(recent.get('a')).toBe(value);
    expect(recent.get('b')).toBeNull();
    expect(recent.get('c')).toBeUndefined();
  });

  it('are about a thousand, however many were set', () => {
    const recent = new Recent<object | null>();
    fill(recent, 0, 10_000);
    expect(held(recent, 10_000)).toBeLessThanOrEqual(1_000);
    expect(recent.get('k9999')).toEqual({ n: 9_999 });
    expect(recent.get('k9500')).toEqual({ n: 9_500 });
    expect(recent.get('k0')).toBeUndefined();
  });

  it('stay while they are used', () => {
    const recent = new Recent<object | null>();
    recent.set('used', {});
    recent.set('unused', {});
    for (let n = 0; n < 5_000; n++) {
      fill(recent, n, n + 1);
      if (n % 100 === 0) expect(recent.get('used'), `${n}`).toBeDefined();
    }
    expect(recent.get('used')).toBeDefined();
    expect(recent.get('unused')).toBeUndefined();
  });

  it('do not hold very long keys', () => {
    const recent = new Recent<object | null>();
    recent.set('k'.repeat(1_001), {});
    expect(recent.get('k'.repeat(1_001))).toBeUndefined();
    recent.set('k'.repeat(1_000), {});
    expect(recent.get('k'.repeat(1_000))).toBeDefined();
  });
});
