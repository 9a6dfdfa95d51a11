/** What takes a while: the names of what is counted, and how many of each there will be. */
export type Totals = Readonly<Record<string, number>>;

/** Shows how far it is. */
export interface Progress {
  /** @param words what else is to be said of these now */
  update(name: string, done: number, words?: string): void;
  /** A line that stays. */
  note(text: string): void;
  stop(): void;
}

/** From one line to the next where there is no terminal, in milliseconds. */
const EVERY = 5_000;

/** Bars that move on a terminal; elsewhere a plain line now and then, and not one control character. */
export async function startProgress(
  totals: Totals,
  stream: NodeJS.WriteStream,
  now: () => number = () => performance.now(),
): Promise<Progress> {
  return (stream.isTTY ? await bars(totals, stream) : undefined) ?? lines(totals, stream, now);
}

/** `cli-progress` is a nicety: without it there are lines. */
async function bars(totals: Totals, stream: NodeJS.WriteStream): Promise<Progress | undefined> {
  const progress = await import('cli-progress').then(
    (module) => module.default,
    () => undefined,
  );
  if (progress === undefined) return undefined;
  const all = new progress.MultiBar({
    stream,
    format: '{name} {bar} {value} of {total}, {eta_formatted} left  {words}',
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    // A note takes the line of the first bar.
    forceRedraw: true,
  });
  const width = Math.max(...Object.keys(totals).map(({ length }) => length));
  const shown = new Map(
    Object.entries(totals).map(([name, total]) => [
      name,
      all.create(total, 0, { name: name.padEnd(width), words: '' }),
    ]),
  );
  return {
    update: (name, done, words = '') => shown.get(name)?.update(done, { words }),
    note(text) {
      all.log(`${text}\n`);
      // At once: two notes in one drawing would leave the rest of a bar behind the second.
      all.update();
    },
    stop: () => all.stop(),
  };
}

function lines(totals: Totals, stream: NodeJS.WriteStream, now: () => number): Progress {
  const states = new Map<string, string>();
  let writtenAt = now();
  let isNew = false;
  const write = () => {
    writtenAt = now();
    isNew = false;
    stream.write(`${[...states.values()].join(' · ')}\n`);
  };
  return {
    update(name, done, words = '') {
      states.set(name, `${name} ${done} of ${totals[name]}${words && `, ${words}`}`);
      isNew = true;
      if (now() - writtenAt >= EVERY) write();
    },
    note: (text) => {
      stream.write(`${text}\n`);
    },
    stop: () => {
      if (isNew) write();
    },
  };
}
