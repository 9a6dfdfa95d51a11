import { SingleBar } from 'cli-progress';

export interface Progress {
  step(what: string): void;
  stop(): void;
}

/** A plain line this often, in milliseconds, where there is no terminal. */
const EVERY = 5_000;

/** A bar on a terminal; elsewhere a line now and then, without control characters. */
export function startProgress(total: number, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? bar(total, stream) : lines(total, stream);
}

function bar(total: number, stream: NodeJS.WriteStream): Progress {
  const shown = new SingleBar({
    stream,
    format: '{bar} {percentage} %  {what}',
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
  });
  shown.start(total, 0, { what: '' });
  return { step: (what) => shown.increment(1, { what }), stop: () => shown.stop() };
}

function lines(total: number, stream: NodeJS.WriteStream): Progress {
  let done = 0;
  let shownAt = 0;
  return {
    step(what) {
      done += 1;
      if (performance.now() - shownAt < EVERY) return;
      shownAt = performance.now();
      stream.write(`${Math.floor((100 * done) / total)} %  ${what}\n`);
    },
    stop() {},
  };
}
