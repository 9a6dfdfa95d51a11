import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EventLoopMonitor } from './event-loop-monitor.ts';
import type { FaultCase } from './fault-case.ts';
import { violations } from './invariants.ts';
import type { Observation } from './observation.ts';
import { TestBed } from './test-bed.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Runs cases concurrently, and watches the process meanwhile. */
export class CaseRunner {
  readonly #loop = new EventLoopMonitor();
  readonly #shared = new AbortController().signal;
  readonly #testBeds: readonly TestBed[];
  readonly #keys = new Set<string>();
  readonly #complaints: string[] = [];
  readonly #timersBefore = timers();
  readonly #onWarning = (warning: Error) => this.#complaints.push(`warning: ${warning}`);
  readonly #onRejection = (reason: unknown) => this.#complaints.push(`unhandled rejection: ${reason}`);

  /** @param concurrency the number of cases that run at the same time, as long as timers are on time */
  constructor(concurrency: number) {
    const environment = { loop: this.#loop, shared: this.#shared };
    this.#testBeds = Array.from({ length: concurrency }, () => new TestBed(environment));
    process.on('warning', this.#onWarning);
    process.on('unhandledRejection', this.#onRejection);
  }

  /** @param done called with each case that has ended, and with the promises that were broken in it */
  async run(cases: Iterable<FaultCase>, done: (seen: Observation, broken: string[]) => void): Promise<void> {
    const queue = cases[Symbol.iterator]();
    const worker = async (testBed: TestBed) => {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        await this.#loop.whenOnTime();
        const seen = await testBed.run(next.value);
        done(seen, [...violations(seen), ...this.#keyUsedBefore(seen)]);
      }
    };
    await Promise.all(this.#testBeds.map(worker));
  }

  /** Closes everything. Returns what is left over, and the warnings of the process. */
  async close(): Promise<string[]> {
    await Promise.all(this.#testBeds.map((testBed) => testBed.close()));
    this.#loop.stop();
    const left = () => [
      ...(timers() > this.#timersBefore ? ['a timer'] : []),
      ...(getEventListeners(this.#shared, 'abort').length > 0 ? ['a listener on the shared signal'] : []),
    ];
    for (let tries = 0; tries < 100 && left().length > 0; tries++) {
      collectGarbage();
      await sleep(10);
    }
    process.off('warning', this.#onWarning);
    process.off('unhandledRejection', this.#onRejection);
    return [...this.#complaints, ...left()];
  }

  #keyUsedBefore({ faultCase, report }: Observation): string[] {
    const key = report?.idempotencyKey;
    if (key === undefined || faultCase.key !== 'fresh') return [];
    if (this.#keys.has(key)) return [`every call has a key of its own: ${key} was used before`];
    this.#keys.add(key);
    return [];
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
