/**
 * Checks the package as people get it: packs it, installs the tarball into an empty ESM project and an empty
 * CommonJS project, makes a call in each, and lets publint and attw look at it.
 *
 *     npm run check:package
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = new URL('../..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'steadfetch-package-'));
const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
  });

const call = (url: string) => `
  async function main() {
    const response = await createFetch()('${url}', { method: 'POST', body: 'x' });
    console.log(response.status, callReport(response).stopped);
    const dispatcher = new Agent().compose(resilience());
    const { statusCode, context } = await request('${url}', { dispatcher, method: 'POST', body: 'x' });
    console.log(statusCode, callReport(context).stopped);
    await dispatcher.close();
  }
  main();
`;
const projects = {
  esm: {
    type: 'module',
    load: `
      import { Agent, request } from 'undici';
      import { callReport, createFetch } from 'steadfetch';
      import { resilience } from 'steadfetch/undici';`,
  },
  cjs: {
    type: 'commonjs',
    load: `
      const { Agent, request } = require('undici');
      const { callReport, createFetch } = require('steadfetch');
      const { resilience } = require('steadfetch/undici');`,
  },
};

const server = createServer((request, response) => {
  response.statusCode = request.headers['idempotency-key'] ? 201 : 400;
  response.end();
});
await promisify<number, string>(server.listen.bind(server))(0, '127.0.0.1');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

try {
  const [packed] = JSON.parse(run(root, 'npm', 'pack', '--json', '--pack-destination', work)) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (!packed?.files.some(({ path }) => path === 'dist/uuid-LICENSE.md'))
    throw new Error('uuid is bundled, but its licence is not packed');
  const tarball = join(work, packed.filename);
  for (const [name, { type, load }] of Object.entries(projects)) {
    const project = join(work, name);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name, private: true, type }));
    writeFileSync(join(project, 'main.js'), load + call(url));
    run(project, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball);
    // The server lives in this process: the call must not block it.
    const { execFile } = await import('node:child_process');
    const { stdout } = await promisify(execFile)(process.execPath, ['main.js'], {
      cwd: project,
      timeout: 30_000,
    });
    if (stdout !== '201 success\n201 success\n')
      throw new Error(`${name}: expected "201 success" twice, got ${JSON.stringify(stdout)}`);
    console.log(`${name}: installs, loads, makes a call through either door`);
  }
  console.log(run(root, 'npx', 'publint', tarball, '--strict').trim());
  // ESM only: `require` of it works from Node 20.19, which attw's profile for ESM-only packages knows.
  console.log(run(root, 'npx', 'attw', tarball, '--profile', 'esm-only', '--no-emoji').trim());
} finally {
  server.close();
  rmSync(work, { recursive: true, force: true });
}
