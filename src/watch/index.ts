/**
 * Shows this process on the page of `npx steadfetch watch`.
 *
 * @module steadfetch/watch
 */

import { type ClientRequest, request } from 'node:http';
import { type Checks, fail, isPlainObject, members, wholeNumber } from '../options/checks.ts';
import { Collector } from './collect.ts';
import type { Hello } from './message.ts';
import { PORT } from './port.ts';

/** How a process is watched. */
export interface WatchOptions {
  /**
   * The port of 127.0.0.1 on which `npx steadfetch watch` listens.
   * @default 4590
   */
  readonly port?: number;
  /**
   * Milliseconds between two updates of the page.
   * @default 500
   */
  readonly every?: number;
}

/** Milliseconds until the command is looked for again. */
const AGAIN = 2_000;
/** If more bytes than that wait to be sent, an update is left out. */
const FULL = 1_000_000;

const checks: Checks<WatchOptions> = { port: wholeNumber(1, 65_535), every: wholeNumber(50, 60_000) };

/**
 * Shows every client of this process on the page of `npx steadfetch watch`. While that command does not run, it is looked for
 * every two seconds, and nothing is listened to. It keeps no process alive, and sends to 127.0.0.1 only.
 *
 * @returns the function that ends it
 * @throws {PolicyError} An option is wrong.
 * @example
 * import { watch } from 'steadfetch/watch';
 * if (process.env.NODE_ENV !== 'production') watch();
 */
export function watch(options: WatchOptions = {}): () => void {
  if (!isPlainObject(options)) return fail('options', 'a plain object', options);
  const { port = PORT, every = 500 } = members(options, '', '', checks, []);
  let stop = () => {};
  let later: NodeJS.Timeout | undefined;
  const start = () => {
    stop = connect(port, every, () => {
      later = setTimeout(start, AGAIN).unref();
    });
  };
  start();
  return () => {
    clearTimeout(later);
    stop();
  };
}

/** One connection. @param gone hears when it is over, unless it was stopped */
function connect(port: number, every: number, gone: () => void): () => void {
  const sending = request({
    host: '127.0.0.1',
    port,
    path: '/processes',
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    agent: false,
  });
  let end = () => {};
  let isStopped = false;
  sending.on('socket', (socket) => {
    socket.unref();
    socket.once('connect', () => {
      end = tell(sending, every);
    });
  });
  sending.on('error', () => {});
  sending.on('response', (response) => response.resume());
  sending.once('close', () => {
    end();
    if (!isStopped) gone();
  });
  sending.flushHeaders();
  return () => {
    isStopped = true;
    end();
    sending.destroy();
  };
}

function tell(sending: ClientRequest, every: number): () => void {
  const collector = new Collector();
  const say = (line: object) => sending.write(`${JSON.stringify(line)}\n`);
  const hello: Hello = {
    kind: 'hello',
    pid: process.pid,
    name: process.argv[1] ?? process.title,
    node: process.version,
  };
  say(hello);
  const ticking = setInterval(() => {
    if (sending.writableLength < FULL) say(collector.take(Date.now()));
  }, every).unref();
  return () => {
    clearInterval(ticking);
    collector.stop();
  };
}
