import { expect } from 'vitest';

/** `expect.poll`, with the patience of a machine that is busy with other things. */
export const soon = <T>(probe: () => T) => expect.poll(probe, { timeout: 8_000 });
