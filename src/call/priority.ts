import type { Priority } from '../model/options.ts';

const RANKS: Readonly<Record<Priority, number>> = { high: 1, auto: 0, low: -1 };

/**
 * A number for a priority; the higher one goes first.
 * @throws {TypeError} It is not a priority. The `fetch` of a browser throws, too.
 */
export function rankOf(priority: unknown): number {
  if (typeof priority === 'string' && Object.hasOwn(RANKS, priority)) return RANKS[priority as Priority];
  const words = Object.keys(RANKS).map((word) => JSON.stringify(word));
  const got = typeof priority === 'string' ? JSON.stringify(priority) : typeof priority;
  throw new TypeError(`priority must be one of ${words.join(', ')}, got ${got}`);
}
