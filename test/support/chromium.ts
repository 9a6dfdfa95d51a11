import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of a Chromium; undefined: there is none. */
export const chromium: string | undefined = process.env.CHROMIUM ?? PLACES.find(existsSync);

/** @throws {Error} There is no Chromium. */
export function chromiumPath(): string {
  if (chromium === undefined) throw new Error(`no Chromium at ${PLACES.join(', ')}, nor in $CHROMIUM`);
  return chromium;
}

/** Headless, and without any background service. */
export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
