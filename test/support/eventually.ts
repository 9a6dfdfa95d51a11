import { vi } from 'vitest';

/** Waits until an assertion about the outside world holds: sockets close when they close. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 2_000, interval: 5 });
}
