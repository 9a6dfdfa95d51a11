import type { Journal } from './journal.ts';

/** How often services have refused the calls of one undo. */
export interface Refusals {
  /** @param call which call of the undo, counted from 1 */
  count(call: number): Promise<number>;
  add(call: number): Promise<void>;
}

/** Of a step forward: its first final refusal turns the saga back. */
export const NONE: Pick<Refusals, 'count'> = { count: async () => 0 };

/** Each refusal is an entry of the journal. */
export function refusalsOf(journal: Journal, step: string): Refusals {
  const entry = (call: number, n: number) => `refusal ${step} ${call} ${n}`;
  const count = async (call: number) => {
    let n = 0;
    while ((await journal.find(entry(call, n))) !== undefined) n += 1;
    return n;
  };
  return {
    count,
    add: async (call) => void (await journal.once(entry(call, await count(call)), () => true)),
  };
}
