import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Puts text in a colour, or leaves it alone. */
export type Paint = (colour: 'red' | 'green' | 'yellow', text: string) => string;

/** Colours for a terminal that has them and a user who wants them (NO_COLOR); none for a file or a pipe. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colours = stream.isTTY && (stream as WriteStream).hasColors();
  return colours ? (colour, text) => styleText(colour, text) : (_, text) => text;
}
