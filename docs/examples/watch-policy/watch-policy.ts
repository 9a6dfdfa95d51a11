import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Options, SteadFetch } from 'steadfetch';

/**
 * Keeps a client's rules as a file says, while both live. A file that is broken or wrong changes nothing: the rules that held
 * still hold, and `onError` says why. The file is looked at, not listened to: that also sees a file that is replaced by
 * another one, as editors, configuration management and mounted volumes do.
 *
 * @returns Stops looking.
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
