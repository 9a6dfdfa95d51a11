/** What only the lab needs: no peer dependencies, or every user of the package would hear of them. */
const ALWAYS = ['@sinonjs/fake-timers'];
const STORMS = ['cockatiel', 'ky'];
const PICTURES = ['echarts'];

/**
 * Looks before the run, so that none ends after minutes for want of a package.
 *
 * @param find throws if there is no such package
 * @throws {Error} Some are missing; the message is the line that installs them.
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
