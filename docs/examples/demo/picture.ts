import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { terminalPicture } from './terminal-picture.ts';

// Runs the demo and draws its output as docs/demo.svg, without the lines about progress and failed probes.

const args = process.argv.slice(2);
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, main, ...args]);

const command = args.length > 0 ? `npm run demo -- ${args.join(' ')}` : 'npm run demo';
const LEFT_OUT = /^bare fetch \d+ of |breaker (open → half-open|half-open → open),/;
const shown = stdout.split('\n').filter((line) => !LEFT_OUT.test(line));
const date = new Date().toISOString().slice(0, 10);
const caption = `${command} · ${date} · Node ${process.versions.node}`;
await writeFile(
  new URL('../../demo.svg', import.meta.url),
  terminalPicture([`$ ${command}`, '', ...shown], caption),
);
