import { expect, vi } from 'vitest';

/** In milliseconds: long enough for a busy machine. */
const timeout = 8_000;

/** Waits until an assertion about the outside world holds, such as about sockets that close. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout, interval: 5 });
}

/** `expect.poll` with the same timeout. */
export const soon = <T>(probe: () => T) => expect.poll(probe, { timeout });
