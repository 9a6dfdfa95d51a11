import { PGlite } from '@electric-sql/pglite';
import { TestClock } from 'pg-boss';
import { afterEach, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { type Outbox, openOutboxOn } from '../../src/outbox/outbox.ts';
import { type Counted, counted } from './counted.ts';

const POLL = 5_000;
const MINUTE = 60_000;
const MOMENT = 10;

interface Request {
  readonly key: string;
  readonly host: string;
  /** Since the start. */
  readonly at: number;
  readonly status: number;
}

/** An outbox with one worker on virtual time, and services that answer as they are told. */
class World {
  readonly requests: Request[] = [];
  readonly errors: Error[] = [];
  readonly addedAt = new Map<string, number>();
  readonly doneAt = new Map<string, number>();
  readonly #clock = new TestClock(Date.UTC(2026, 0, 1));
  readonly #start = this.#clock.now();
  readonly #counted: Counted;
  #outbox: Outbox | undefined;

  private constructor(client: PGlite) {
    this.#counted = counted(client);
  }

  static async open(serve: (key: string, host: string, at: number) => number): Promise<World> {
    const world = new World(await PGlite.create());
    let dice = 7;
    const random = () => {
      dice = (dice * 48_271) % 2_147_483_647;
      return dice / 2_147_483_647;
    };
    const fetch = createFetch({
      retry: false,
      breaker: false,
      timeout: false,
      fetch: async (input, init) => {
        const { url, headers } = new Request(input, init);
        const [key, host, at] = [headers.get('idempotency-key') ?? '', new URL(url).host, world.now];
        const status = serve(key, host, at);
        world.requests.push({ key, host, at, status });
        return new Response(null, { status });
      },
    });
    const outbox = await openOutboxOn(world.#counted.database, { fetch }, { clock: world.#clock, random });
    outbox.on('done', ({ call }) => world.doneAt.set(call.idempotencyKey ?? '', world.now));
    outbox.on('error', (error) => world.errors.push(error));
    outbox.work({ poll: POLL, concurrency: 10 });
    world.#outbox = outbox;
    return world;
  }

  get now(): number {
    return this.#clock.now() - this.#start;
  }

  async add(key: string, host: string, more: { group?: string; lifetime?: number } = {}): Promise<void> {
    this.addedAt.set(key, this.now);
    await this.#outbox?.transaction(async (tx) => {
      await this.#outbox?.add(tx, `https://${host}/x`, { method: 'POST', idempotencyKey: key, ...more });
    });
  }

  failIf(fails: (sql: string) => boolean): void {
    this.#counted.failIf(fails);
  }

  /** Lets time go by, poll by poll. */
  async run(until: number, each: (at: number) => Promise<void> = async () => {}): Promise<void> {
    while (this.now < until) {
      const begun = this.now;
      await each(begun);
      // What one call brings about is done before time goes on: workers wait some milliseconds for one another.
      for (let seen = -1; seen < this.requests.length && this.now < begun + POLL / 2; ) {
        seen = this.requests.length;
        await this.#clock.tick(MOMENT);
        await this.#counted.quiet();
      }
      await this.#clock.tick(begun + POLL - this.now);
      await this.#counted.quiet();
    }
  }

  longestWait(): number {
    return Math.max(...[...this.addedAt].map(([key, at]) => (this.doneAt.get(key) ?? this.now) - at));
  }

  async close(): Promise<void> {
    this.failIf(() => false);
    await this.#outbox?.close();
    await this.#counted.database.close();
  }
}

let world: World | undefined;
afterEach(async () => {
  await world?.close();
});
/** The statement that looks for a probe, and that which takes it. */
const isProbe = (sql: string) => sql.includes('order by state, retry_count');
const isClaim = (sql: string) => sql.includes('priority') && sql.includes('update');
const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}-${n}`);

test('calls that always fail do not hold up the others to their destination', async () => {
  const here = await World.open((key) => (key.startsWith('poison') ? 500 : 201));
  world = here;
  for (const key of names('poison', 10)) await here.add(key, 'a.example');
  here.addedAt.clear();
  await here.run(15 * MINUTE, async (at) => {
    if (at % 10_000 === 0 && at < 14 * MINUTE) await here.add(`good-${at}`, 'a.example');
  });
  expect(here.doneAt.size).toBe(84);
  expect(here.longestWait()).toBeLessThan(MINUTE);
}, 60_000);

test('the probe is the call that was tried least: a good one finds out that only others fail', async () => {
  let down = true;
  const here = await World.open((key) => (down || key.startsWith('poison') ? 500 : 201));
  world = here;
  for (const key of names('poison', 12)) await here.add(key, 'a.example');
  await here.run(5 * MINUTE);
  down = false;
  await here.add('good', 'a.example');
  await here.run(6 * MINUTE);
  expect(here.doneAt.has('good')).toBe(true);
}, 60_000);

test('where many calls that always fail were added first, the probes soon find one that does not', async () => {
  const here = await World.open((key) => (key.startsWith('poison') ? 500 : 201));
  world = here;
  for (const key of names('poison', 60)) await here.add(key, 'a.example');
  await here.run(MINUTE);
  for (const key of names('good', 60)) await here.add(key, 'a.example');
  await here.run(10 * MINUTE);
  expect(here.doneAt.size).toBeGreaterThan(0);
}, 60_000);

test('errors of the database during an outage do not silence a destination afterwards', async () => {
  let down = true;
  const here = await World.open(() => (down ? 503 : 201));
  world = here;
  const hosts = names('host', 5);
  for (const host of hosts) for (const key of names(host, 6)) await here.add(key, host);
  await here.run(MINUTE);
  let statements = 0;
  here.failIf((sql) => {
    if (isProbe(sql) || isClaim(sql)) statements += 1;
    return (isProbe(sql) || isClaim(sql)) && statements % 3 === 2;
  });
  await here.run(6 * MINUTE);
  here.failIf(() => false);
  await here.run(7 * MINUTE);
  down = false;
  for (const host of hosts) await here.add(`${host}-new`, host);
  await here.run(9 * MINUTE);
  expect(here.errors.length).toBeGreaterThan(10);
  for (const host of hosts) expect(here.doneAt.has(`${host}-new`)).toBe(true);
}, 60_000);

test('the calls that were taken when the database failed are sent at once', async () => {
  const here = await World.open(() => 503);
  world = here;
  const hosts = names('host', 5);
  for (const host of hosts) for (const key of names(host, 6)) await here.add(key, host);
  await here.run(2 * MINUTE);
  let probes = 0;
  here.failIf((sql) => {
    if (isProbe(sql)) probes += 1;
    return isProbe(sql) && probes % 2 === 0;
  });
  const before = here.requests.length;
  await here.run(5 * MINUTE);
  expect(here.errors.length).toBeGreaterThan(3);
  expect(here.requests.length - before).toBe(probes - here.errors.length);
}, 60_000);

test('a destination that is back is called while another one is away, though groups go to both', async () => {
  const back = 3 * MINUTE;
  const here = await World.open((_key, host, at) =>
    host === 'a.example' ? (at > 2 * MINUTE && at < back ? 503 : 201) : at < 30_000 ? 201 : 503,
  );
  world = here;
  await here.run(10 * MINUTE, async (at) => {
    if (at % 10_000 !== 0) return;
    await here.add(`to-b-${at}`, 'b.example', { group: `customer-${at}` });
    await here.add(`to-a-${at}`, 'a.example', { group: `customer-${at}` });
    await here.add(`plain-${at}`, 'a.example');
  });
  const late = here.requests.filter(
    ({ key, at }) => key.startsWith('plain') && at > back && at < back + MINUTE,
  );
  expect(late.length).toBeGreaterThan(5);
}, 60_000);
