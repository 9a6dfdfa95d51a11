import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { describe, expect, onTestFinished, test } from 'vitest';
// Loaded before msw replaces fetch: only then can the replacement be told from the runtime's own.
import '../../src/index.ts';
import type { Delivery } from '../../src/model/failure.ts';
import type { Stopped } from '../../src/model/report.ts';
import { root, textOf } from './pages.ts';

/** The compiler wants each of them here. */
const stopped: Record<Stopped, true> = {
  success: true,
  'final-status': true,
  attempts: true,
  deadline: true,
  budget: true,
  breaker: true,
  limit: true,
  body: true,
  unsafe: true,
  aborted: true,
  policy: true,
};
const deliveries: Record<Delivery, true> = { 'not-sent': true, unknown: true, answered: true };

test('docs/what-now.md says what to do for each reason and each delivery', () => {
  const rows = textOf('docs/what-now.md').matchAll(/^\| `'([a-z-]+)'` \|(.*)\|$/gm);
  const cells = new Map([...rows].map(([, name = '', rest = '']) => [name, rest.split('|')]));
  expect([...cells.keys()].sort()).toEqual([...Object.keys(stopped), ...Object.keys(deliveries)].sort());
  for (const name of Object.keys(stopped)) expect(cells.get(name), name).toHaveLength(4);
});

type Ship = (message: { id: string; body: string }) => Promise<boolean>;
type Pay = (order: { id: string }) => Promise<'paid' | 'refused' | 'try later' | 'check'>;

/** A function of a page's snippet, as it stands there. */
async function fromSnippet<F>(page: string, name: string): Promise<F> {
  const blocks = [...textOf(page).matchAll(/^```ts run\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const code = blocks.find((block) => block.includes(`async function ${name}(`)) ?? '';
  const folder = join(root, 'reports/what-now');
  rmSync(join(folder, `${name}.ts`), { force: true });
  mkdirSync(folder, { recursive: true });
  const text = code
    // Without the snippet's own call at the end, and with pauses of a millisecond.
    .replace(new RegExp(`^(await|console\\.assert).*\\b${name}\\(.*$`, 'm'), '')
    .replace('createFetch({', 'createFetch({ retry: { base: 1, cap: 1 },');
  writeFileSync(join(folder, `${name}.ts`), `${text}\nexport { ${name} };\n`);
  const module: unknown = await import(/* @vite-ignore */ join(folder, `${name}.ts`));
  return Reflect.get(module as object, name) as F;
}

/** Answers as told, until the test is over. */
function service(answer: (key: string) => Promise<Response>): void {
  const world = setupServer(
    http.post('*', ({ request }) => answer(request.headers.get('idempotency-key') ?? '')),
  );
  world.listen();
  onTestFinished(() => world.close());
}

function signal() {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

/** Says 409 to a repeat for as long as the first request with its key is at work. */
function slowService() {
  const begun = signal();
  const finish = signal();
  const keys = new Map<string, 'running' | 'done'>();
  service(async (key) => {
    const state = keys.get(key);
    if (state === 'running') return new HttpResponse(null, { status: 409, headers: { 'retry-after': '0' } });
    keys.set(key, 'running');
    begun.give();
    if (state === undefined) await finish.given;
    keys.set(key, 'done');
    return HttpResponse.json({}, { status: 201 });
  });
  return { begun: begun.given, finish: finish.give };
}

describe('the functions of the pages', () => {
  const final = (status: number, headers = {}) => new HttpResponse(null, { status, headers });

  test('pay: while the first request is at work a second one is to be checked, and is paid later', async () => {
    const pay = await fromSnippet<Pay>('docs/what-now.md', 'pay');
    const { begun, finish } = slowService();
    const first = pay({ id: 'o_1' });
    await begun;
    expect(await pay({ id: 'o_1' })).toBe('check');
    finish();
    expect(await first).toBe('paid');
    expect(await pay({ id: 'o_1' })).toBe('paid');
  });

  test.each([
    [402, {}, 'refused'],
    [400, {}, 'refused'],
    [500, { 'stripe-should-retry': 'false' }, 'check'],
  ])('pay: an answer that will not change, %i %o, is %s', async (status, headers, word) => {
    const pay = await fromSnippet<Pay>('docs/what-now.md', 'pay');
    service(async () => final(status, headers));
    expect(await pay({ id: 'o_2' })).toBe(word);
  });

  test('ship: a message goes back to the queue while the first request is at work, and ends by a refusal', async () => {
    const ship = await fromSnippet<Ship>('docs/recipes.md', 'ship');
    const { begun, finish } = slowService();
    const first = ship({ id: 'm-1', body: '{}' });
    await begun;
    expect(await ship({ id: 'm-1', body: '{}' })).toBe(false);
    finish();
    expect(await first).toBe(true);
  });

  test('ship: a refusal ends the message', async () => {
    const ship = await fromSnippet<Ship>('docs/recipes.md', 'ship');
    Object.assign(globalThis, { log: { error: () => {} } });
    service(async () => final(422));
    expect(await ship({ id: 'm-2', body: '{}' })).toBe(true);
  });
});
