/** Says how far it is: a bar on a terminal, a line now and then elsewhere. On stderr, to keep the results clean. */
export async function progressOf(total: number): Promise<{ at(done: number): void; stop(): void }> {
  const bar = process.stderr.isTTY ? await terminalBar() : undefined;
  bar?.start(total, 0);
  let told = 0;
  return {
    at(done) {
      if (bar) return bar.update(done);
      const tenth = Math.floor((10 * done) / total);
      if (tenth === told) return;
      told = tenth;
      process.stderr.write(`${done} of ${total} runs\n`);
    },
    stop: () => bar?.stop(),
  };
}

/** `cli-progress` is a nicety: without it there are lines. */
async function terminalBar() {
  try {
    const { default: progress } = await import('cli-progress');
    return new progress.SingleBar({ format: '{bar} {value} of {total} runs, {eta_formatted} left' });
  } catch {
    return undefined;
  }
}
