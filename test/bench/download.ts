import { Child } from './child.ts';
import { type Random, type Spread, shuffled, spread } from './statistics.ts';

/** One download. */
export interface Download {
  readonly seconds: number;
  /** By how many bytes the most memory of its second half exceeds that of its first. */
  readonly growth: number;
}

/** What downloads cost with one client. */
export interface DownloadCost {
  readonly name: string;
  readonly seconds: Spread;
  /** Time, to `undici.fetch`'s in the same round. */
  readonly ratio: Spread;
  readonly growth: Spread;
}

const NAMES = ['undici.fetch', 'steadfetch'];

/** Downloads of so many bytes, read by `response.body`; each client in a process of its own, in turn. */
export async function downloads(
  origin: string,
  { bytes, rounds }: { bytes: number; rounds: number },
  random: Random,
  step: (what: string) => void,
): Promise<DownloadCost[]> {
  const found = new Map(NAMES.map((name) => [name, [] as Download[]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(NAMES, random)) {
      const { child } = await Child.start('downloader.js', [name, origin]);
      found.get(name)?.push((await child.ask({ bytes })) as Download);
      child.stop();
      step(`download: ${name}`);
    }
  }
  const secondsOf = (name: string | undefined) => (found.get(name ?? '') ?? []).map(({ seconds }) => seconds);
  const base = secondsOf(NAMES[0]);
  return NAMES.map((name) => ({
    name,
    seconds: spread(secondsOf(name)),
    ratio: spread(secondsOf(name).map((seconds, round) => seconds / (base[round] ?? Number.NaN))),
    growth: spread((found.get(name) ?? []).map(({ growth }) => growth)),
  }));
}
