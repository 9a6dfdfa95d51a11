import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../support/listen.ts';

// What an import does to a process shows only in a process of its own.

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => response.end(body || 'ok'));
});
let url = '';
beforeAll(async () => {
  url = `${await listen(server)}/`;
});
afterAll(() => {
  server.close();
});

const index = new URL('../../src/index.ts', import.meta.url).href;
const root = new URL('../../', import.meta.url);

/** Runs a program, and gives what it logs. */
async function run(program: string): Promise<unknown> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 30_000 });
  return JSON.parse(stdout);
}

const SLOT = "Symbol.for('undici.globalDispatcher.1')";

test('Node’s own fetch sends as it did before', { timeout: 60_000 }, async () => {
  const logged = await run(`
    await import('${index}');
    const { Agent } = await import('undici');
    const headers = { 'content-length': '3' };
    const response = await fetch('${url}', { method: 'POST', headers, body: 'abc' });
    console.log(JSON.stringify([await response.text(), globalThis[${SLOT}] instanceof Agent]));
    process.exit();
  `);
  expect(logged).toEqual(['abc', false]);
});

test('a dispatcher that was set before stays, and is used', { timeout: 60_000 }, async () => {
  const logged = await run(`
    const { Agent, setGlobalDispatcher, getGlobalDispatcher } = await import('undici');
    let count = 0;
    class Mine extends Agent { dispatch(...args) { count++; return super.dispatch(...args); } }
    const mine = new Mine();
    setGlobalDispatcher(mine);
    const { createFetch } = await import('${index}');
    const { status } = await createFetch()('${url}');
    console.log(JSON.stringify([status, count, getGlobalDispatcher() === mine]));
    process.exit();
  `);
  expect(logged).toEqual([200, 1, true]);
});

test('undici’s interceptors work on its global dispatcher', { timeout: 60_000 }, async () => {
  const logged = await run(`
    await import('${index}');
    const { getGlobalDispatcher, setGlobalDispatcher, interceptors, RetryAgent, request, fetch } = await import('undici');
    const { redirect, retry, dump, dns, responseError } = interceptors;
    const usual = getGlobalDispatcher();
    const statuses = [(await request('${url}')).statusCode, (await fetch('${url}')).status];
    for (const interceptor of [redirect(), retry(), dump(), dns(), responseError()]) {
      statuses.push((await request('${url}', { dispatcher: usual.compose(interceptor) })).statusCode);
    }
    statuses.push((await request('${url}', { dispatcher: new RetryAgent(usual) })).statusCode);
    setGlobalDispatcher(usual.compose(retry()));
    statuses.push((await request('${url}')).statusCode, (await fetch('${url}')).status);
    console.log(JSON.stringify(statuses));
    process.exit();
  `);
  expect(logged).toEqual(Array(10).fill(200));
});
