import { v4 as uuid } from 'uuid';

const FIRST = 100_000;
const END = 1_000_000;

let block = '';
let next = END;

/**
 * An id for a call: a UUID of version 8 (RFC 9562, section 5.8). To draw each at random costs more than twice as much
 * (`npm run bench:tricks`), so most of it is random, once for many calls, and its last six digits count them.
 */
export function callId(): string {
  if (next === END) {
    const random = uuid();
    block = `${random.slice(0, 14)}8${random.slice(15, 30)}`;
    next = FIRST;
  }
  return block + next++;
}
