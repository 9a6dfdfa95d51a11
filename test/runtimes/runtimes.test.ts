import { execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { chromium, chromiumPath, FLAGS } from '../support/chromium.ts';
import { checks } from './checks.ts';
import { startCheckServer } from './server.ts';

type Problems = Record<string, string | null>;

const here = import.meta.dirname;
const bin = (name: string) => join(here, 'node_modules/.bin', name);
const LONGEST = 60_000;

describe('Node, with undici', () => {
  holds(() => command(process.execPath, ['--import', 'tsx'], 'wire'));
});

describe('Node, with its own fetch', () => {
  const options = ['--import', 'tsx', '--import', 'urlpattern-polyfill', '--conditions', 'bun'];
  holds(() => command(process.execPath, options));
});

describe('Bun', () => {
  holds(() => command(bin('bun'), ['run']));
});

describe('Deno', () => {
  holds(() => command(bin('deno'), ['run', '--allow-net', '--allow-read', '--allow-env', '--no-check']));
});

describe('workerd', () => {
  holds(async () => {
    const { Miniflare } = createRequire(join(here, 'package.json'))('miniflare');
    const script = await bundle('worker.ts', ['workerd', 'worker', 'browser']);
    const worker = new Miniflare({ modules: true, script, compatibilityDate: '2026-04-01' });
    try {
      await using server = await startCheckServer();
      const response = await worker.dispatchFetch('http://worker/', { method: 'POST', body: server.url });
      return (await response.json()) as Problems;
    } finally {
      await worker.dispose();
    }
  });
});

// Where there is none, that is a failure with CI=true only.
describe.skipIf(chromium === undefined && !process.env.CI)('Chromium', () => {
  holds(async () => {
    const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
    const script = await bundle('page.ts', ['browser']);
    const pages = {
      '/': { type: 'text/html', content: page },
      '/page.js': { type: 'text/javascript', content: script },
    };
    const profile = await mkdtemp(join(tmpdir(), 'steadfetch-chromium-'));
    const told = new EventEmitter();
    await using server = await startCheckServer(pages, (body) => told.emit('problems', body));
    const browser = spawn(chromiumPath(), [...FLAGS, `--user-data-dir=${profile}`, server.url], {
      stdio: 'ignore',
    });
    try {
      browser.once('exit', (code) => told.emit('error', new Error(`Chromium ended with ${code}`)));
      const [problems] = await once(told, 'problems');
      return JSON.parse(problems) as Problems;
    } finally {
      browser.removeAllListeners('exit').kill('SIGKILL');
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});

/** One test for each check; the runtime is started once. */
function holds(start: () => Promise<Problems>): void {
  let problems: Problems;
  beforeAll(async () => {
    problems = await start();
  }, LONGEST);
  it.each(Object.keys(checks))('%s', (name) => {
    expect(problems).toHaveProperty([name]);
    expect(problems[name]).toBeNull();
  });
}

async function command(runtime: string, options: string[], wire = ''): Promise<Problems> {
  await using server = await startCheckServer();
  const { stdout } = await promisify(execFile)(runtime, [...options, 'command.ts', server.url, wire], {
    cwd: here,
    timeout: LONGEST,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** Bundles as a bundler does for a known platform: the package's exports choose the rest. */
async function bundle(entry: string, conditions: string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions,
    // In this repository, tsconfig.json leads from the name to the sources.
    tsconfigRaw: {},
  });
  return outputFiles[0]?.text ?? '';
}
