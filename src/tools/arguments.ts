/** @throws {TypeError} The text is no whole number between the two; the message names the argument. */
export function wholeNumber(
  name: string,
  text: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least}` : `${least} to ${most}`;
  throw new TypeError(`${name} must be a whole number from ${range}, got ${text}`);
}

/**
 * What a command line asks for. Ends the process where the answer is the usage text: with status 0 if that was asked for,
 * with 2 and the reason if the command line is wrong.
 */
export function argumentsOrExit<Asked>(
  read: (args: readonly string[]) => Asked | 'help',
  usage: string,
): Asked {
  try {
    const asked = read(process.argv.slice(2));
    if (asked !== 'help') return asked;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}
