import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Random, type Spread, shuffled, spread } from './statistics.ts';

/** What `import` of a package takes in a new process. */
export interface ImportCost {
  readonly name: string;
  /** Milliseconds. */
  readonly time: Spread;
  /** To the import of undici in the same round. */
  readonly ratio: Spread;
}

const packages = ['undici', 'steadfetch'] as const;

export async function importCosts(
  rounds: number,
  random: Random,
  step: (what: string) => void,
): Promise<readonly ImportCost[]> {
  const times: Record<string, number[]> = { undici: [], steadfetch: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(packages, random)) {
      times[name]?.push(await timeImport(name));
      step(`import '${name}'`);
    }
  }
  return packages.map((name) => {
    const own = times[name] ?? [];
    return {
      name,
      time: spread(own),
      ratio: spread(own.map((time, round) => time / (times.undici?.[round] ?? Number.NaN))),
    };
  });
}

/** In milliseconds. Run from the package's root, where its own name leads to `dist`. */
async function timeImport(name: string): Promise<number> {
  const code = `const from = performance.now(); await import('${name}'); console.log(performance.now() - from);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return Number(stdout);
}
