/** Reads a whole number. @throws {TypeError} The text is no whole number in the range. The message names the argument. */
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
 * Reads the command line. `read` returns `'help'` if the usage text was asked for: then this prints the text and ends the process
 * with status 0. If `read` throws, this prints the reason and the text, and ends the process with status 2.
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
