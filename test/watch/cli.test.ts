import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { run } from '../../src/watch/cli.ts';
import { listenOnPort } from '../support/listen.ts';

let out: string;
let complaints: string;
beforeEach(() => {
  out = complaints = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complaints += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

test.each(['--help', '-h'])('%s says what there is', async (flag) => {
  expect(await run(['watch', flag])).toBe(0);
  for (const part of [
    'steadfetch watch -- node server.js',
    'steadfetch/watch/register',
    '--port N',
    '4590',
  ]) {
    expect(out).toContain(part);
  }
});

test('a command without `--` before it is no command: help, and exit code 2', async () => {
  expect(await run(['watch', 'node', 'server.js'])).toBe(2);
  expect(complaints).toContain('steadfetch watch -- node server.js');
  expect(out).toBe('');
});

test.each([
  [['--port', '0'], '--port must be a whole number from 1 to 65535, got 0'],
  [['--port', 'http'], '--port must be a whole number from 1 to 65535, got http'],
  [['--prot', '80'], "Unknown option '--prot'"],
])('%j is refused, and nothing is started', async (options, message) => {
  await expect(run(['watch', ...options])).rejects.toThrow(message);
  expect(out).toBe('');
});

test('a port that is taken is said', async () => {
  const taken = createServer();
  const port = await listenOnPort(taken);
  onTestFinished(() => void taken.close());
  await expect(run(['watch', '--port', `${port}`])).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('what stands behind `--` is run with its own options, watched on the port, and its exit code is the command’s', async () => {
  const free = createServer();
  const port = await listenOnPort(free);
  await new Promise((resolve) => free.close(resolve));
  // Not for our own process: another --help than ours, and a child that only looks at what it is given.
  const program = 'process.exitCode = process.env.STEADFETCH_WATCH_PORT === process.argv[1] ? 7 : 1';
  const child = ['sh', '-c', `NODE_OPTIONS= exec "${process.execPath}" -e '${program}' ${port} --help`];
  expect(await run(['watch', '--port', `${port}`, '--', ...child])).toBe(7);
  expect(out).toContain(`watching on http://127.0.0.1:${port}/`);
});
