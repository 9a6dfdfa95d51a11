import { expect, vi } from 'vitest';

/** Milliseconds: the patience of a machine that is busy with other things. */
const timeout = 8_000;

/** Waits until an assertion about the outside world holds: sockets close when they close. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout, interval: 5 });
}

/** `expect.poll` with the same patience. */
export const soon = <T>(probe: () => T) => expect.poll(probe, { timeout });
