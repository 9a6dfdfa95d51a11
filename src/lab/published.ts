import { SLOW_BACKOFF, timed } from './steadfetch.ts';
import type { Strategy } from './strategy.ts';

/** Decides on retries. Each client has its own. */
interface Gate {
  begin(): void;
  ended(failed: boolean): void;
  allows(): boolean;
}

/** The real client with its own guards off, and the gate of a published design instead, through `retry.when`. */
function gated(name: string, attempts: number, gate: () => Gate): Strategy {
  return {
    name,
    client(environment) {
      const own = gate();
      const when = ({ attempt }: { attempt: number }) => {
        own.ended(true);
        return attempt < attempts && own.allows() ? undefined : false;
      };
      const retry = { attempts, ...SLOW_BACKOFF, when };
      const call = timed(name, { breaker: false, budget: false, retry }).client(environment);
      return async () => {
        own.begin();
        const good = await call();
        if (good) own.ended(false);
        return good;
      };
    },
  };
}

/** A bucket of retry tokens. Each call adds `ratio` tokens. */
export function tokenBucket(name: string, attempts: number, ratio: number, start: number, cap = start) {
  return gated(name, attempts, () => {
    let tokens = start;
    return {
      begin() {
        tokens = Math.min(cap, tokens + ratio);
      },
      ended() {},
      allows() {
        if (tokens < 1) return false;
        tokens--;
        return true;
      },
    };
  });
}

/** The number of attempts that the retry breaker remembers. */
const MEMORY = 100;

/** No retries while more than `share` of the last attempts failed. */
export function retryBreaker(name: string, attempts: number, share: number): Strategy {
  return gated(name, attempts, () => {
    const memory: boolean[] = [];
    return {
      begin() {},
      ended(failed) {
        memory.push(failed);
        if (memory.length > MEMORY) memory.shift();
      },
      allows: () => memory.filter(Boolean).length <= share * memory.length,
    };
  });
}
