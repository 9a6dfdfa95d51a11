/** The names of the bars, and the total of each. */
export type Totals = Readonly<Record<string, number>>;

/** Shows the progress of a command. */
export interface Progress {
  /** @param words more to say about this bar now */
  update(name: string, done: number, words?: string): void;
  /** Prints a line that stays. */
  note(text: string): void;
  stop(): void;
}

/** The time between two lines where there is no terminal, in milliseconds. */
const EVERY = 5_000;

/** Shows moving bars on a terminal. Elsewhere prints a plain line now and then, without control characters. */
export async function startProgress(
  totals: Totals,
  stream: NodeJS.WriteStream,
  now: () => number = () => performance.now(),
): Promise<Progress> {
  return (stream.isTTY ? await bars(totals, stream) : undefined) ?? lines(totals, stream, now);
}

/** `cli-progress` is optional: undefined if the package is not installed. */
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
    // Otherwise a note would keep the line of the first bar.
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
      // Draws at once, because two notes in one drawing would leave the rest of a bar behind the second.
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
