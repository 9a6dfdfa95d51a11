import { v4 as uuid } from '../platform/uuid.ts';

const FIRST = 100_000;
const END = 1_000_000;

let block = '';
let next = END;

/**
 * An id for a call: a UUID of version 8 (RFC 9562, section 5.8). A random UUID for each call costs more than twice as much
 * (`npm run bench:tricks`). So the first part is random and serves many calls, and the last six digits count these calls.
 */
export function callId(): string {
  if (next === END) {
    const random = uuid();
    block = `${random.slice(0, 14)}8${random.slice(15, 30)}`;
    next = FIRST;
  }
  return block + next++;
}
