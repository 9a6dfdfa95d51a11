import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Colours a text, or returns it unchanged. */
export type Paint = (colour: 'red' | 'green' | 'yellow', text: string) => string;

/** Colours for a terminal, unless the user does not want them (NO_COLOR). No colours for a file or a pipe. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colours = stream.isTTY && (stream as WriteStream).hasColors();
  return colours ? (colour, text) => styleText(colour, text) : (_, text) => text;
}
