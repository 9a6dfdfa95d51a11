import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../tools/arguments.ts';
import { PORT } from './port.ts';
import { packageFolder, startWatchServer } from './server.ts';

const HELP = `steadfetch watch: a page that shows what the clients of a process do, while they do it

  steadfetch watch -- node server.js   starts the process and shows it
  steadfetch watch                     shows each process that was started with
                                         node --import steadfetch/watch/register server.js
                                       or that calls watch() of steadfetch/watch
    --port N                           of 127.0.0.1 (default ${PORT})
`;

/** `steadfetch watch …` */
export async function run(argv: readonly string[]): Promise<number> {
  const at = argv.indexOf('--');
  const [command, ...args] = at === -1 ? [] : argv.slice(at + 1);
  const { values, positionals } = parseArgs({
    args: argv.slice(1, at === -1 ? undefined : at),
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      port: { type: 'string', default: String(PORT) },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length > 0) {
    process.stderr.write(HELP);
    return 2;
  }
  const port = wholeNumber('--port', values.port, 1, 65_535);
  const server = await startWatchServer(port);
  process.stdout.write(`watching on ${server.url}\n`);
  try {
    if (command === undefined) {
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      return 0;
    }
    return await runWatched(command, args, port);
  } finally {
    server.close();
  }
}

/** Runs a command, and every process of Node that it starts is watched. @returns its exit code */
async function runWatched(command: string, args: readonly string[], port: number): Promise<number> {
  const register = pathToFileURL(join(packageFolder, 'dist/watch/register.js')).href;
  const child = spawn(command, [...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${register}`.trim(),
      STEADFETCH_WATCH_PORT: String(port),
    },
  });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  try {
    const [code, signal] = await once(child, 'exit');
    return code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  } finally {
    process.off('SIGINT', pass).off('SIGTERM', pass);
  }
}
