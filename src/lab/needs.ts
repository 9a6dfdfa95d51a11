/** Packages that only the lab needs. As peer dependencies they would be announced to every user of this package. */
const ALWAYS = ['@sinonjs/fake-timers'];
const STORMS = ['cockatiel', 'ky'];
const PICTURES = ['echarts'];

/**
 * Checks the packages before a run, so that a long run does not fail at its end.
 *
 * @param find throws if the package is not installed
 * @throws {Error} A package is missing. The message is the command that installs all that are missing.
 */
export function assertInstalled(
  command: { readonly storms: boolean; readonly pictures: boolean },
  find: (name: string) => unknown,
): void {
  const { storms, pictures } = command;
  const needed = [...ALWAYS, ...(storms ? STORMS : []), ...(pictures ? PICTURES : [])];
  const missing = needed.filter((name) => {
    try {
      find(name);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  throw new Error(
    `the lab needs what is not installed; this installs it:\n\n  npm install --save-dev ${missing.join(' ')}\n`,
  );
}
