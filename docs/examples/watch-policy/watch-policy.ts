import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Options, SteadFetch } from 'steadfetch';

/**
 * Keeps a client's rules equal to a file, while both live. A broken or wrong file changes nothing: the old rules still hold, and
 * `onError` gets the reason. The file is polled, not watched, because that also notices a file that is replaced by another one,
 * as editors, configuration management and mounted volumes do.
 *
 * @returns a function that stops polling
 */
export function watchPolicy(
  api: Pick<SteadFetch, 'update'>,
  path: string,
  onError: (error: unknown) => void,
  interval = 1_000,
): () => void {
  const renew = async () => {
    try {
      api.update(JSON.parse(await readFile(path, 'utf8')) as Options);
    } catch (error) {
      onError(error);
    }
  };
  const look = () => void renew();
  watchFile(path, { interval, persistent: false }, look);
  look();
  return () => unwatchFile(path, look);
}
