import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steadfetch-explain-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs the command, with a policy file of that name and text. */
async function explain(name: string, text: string, ...rest: string[]): Promise<Ran> {
  await writeFile(join(folder, name), text);
  return run('explain', join(folder, name), ...rest);
}

async function run(...argv: string[]): Promise<Ran> {
  const out = written(process.stdout);
  const errors = written(process.stderr);
  const code = await main(argv);
  return { code, out: out(), errors: errors() };
}

/** What is written to a stream until it is asked for. */
function written(stream: NodeJS.WriteStream): () => string {
  const write = vi.spyOn(stream, 'write').mockReturnValue(true);
  return () => {
    const text = write.mock.calls.map(([chunk]) => String(chunk)).join('');
    write.mockRestore();
    return text;
  };
}

const policy = {
  retry: { attempts: 3 },
  endpoints: { 'POST https://api.pay.example/v1/*': { idempotency: 'stripe', timeout: { total: false } } },
};
const request = ['POST', 'https://api.pay.example/v1/charges?x=1'];

describe('steadfetch explain', () => {
  it('says which rule holds, and where every value comes from', async () => {
    const { code, out } = await explain('policy.json', JSON.stringify(policy), ...request);
    expect(out).toMatch(
      /^POST https:\/\/api\.pay\.example\/v1\/charges\nrule {3}POST https:\/\/api\.pay\.example\/v1\/\*\n/,
    );
    expect(out).toContain('scope  https://api.pay.example\n');
    expect(out).toContain('key    a fresh key for each call');
    expect(out).toMatch(/ retry\.attempts +3 +createFetch\n/);
    expect(out).toMatch(/ timeout\.total +off +POST https:\/\/api\.pay\.example\/v1\/\*\n/);
    expect(out).toMatch(/ retry\.base +\d+ +default\n/);
    expect(code).toBe(0);
  });

  it('says the same as JSON, of a module too', async () => {
    const text = `export default ${JSON.stringify(policy)}`;
    const { out } = await explain('policy.mjs', text, ...request, '--json');
    expect(JSON.parse(out)).toMatchObject({
      method: 'POST',
      endpoint: 'POST https://api.pay.example/v1/*',
      values: { 'retry.attempts': { value: 3, from: 'createFetch' }, 'timeout.body': { value: false } },
    });
  });

  it('checks the policy alone, and lists its rules', async () => {
    const rules = { endpoints: { 'GET https://a.example/*': {}, 'https://b.example/*': { retry: false } } };
    const { code, out } = await explain('good.json', JSON.stringify(rules));
    expect(code).toBe(0);
    expect(out).toMatch(
      /good\.json is a valid policy; rules for endpoints: 2\n {2}GET https:\/\/a\.example\/\*\n/,
    );
    const wrong = await explain('typo.json', '{ "retry": { "atempts": 3 } }');
    expect(wrong.code).toBe(2);
    expect(wrong.errors).toContain('did you mean retry.attempts?');
  });

  it('reads JSON with a byte order mark, as editors of Windows write it', async () => {
    const { code, errors } = await explain('mark.json', `\uFEFF${JSON.stringify(policy)}`);
    expect([code, errors]).toEqual([0, '']);
  });

  it('names a folder that is given as the policy', async () => {
    const path = join(folder, 'folder.json');
    await mkdir(path);
    expect(await run('explain', path)).toMatchObject({
      code: 2,
      errors: `${path} is a folder, not a file\n`,
    });
  });

  it.each([
    ['typo.json', '{ "retry": { "atempts": 3 } }', request, 'did you mean retry.attempts?'],
    ['broken.json', '{ "retry": ', request, 'is not JSON: '],
    ['list.json', '[]', request, 'options must be a plain object, got an array'],
    ['named.mjs', 'export const policy = {}', request, 'must export the options as its default'],
    ['good.json', '{}', ['POST', '/v1'], 'url must be an absolute URL'],
    ['good.json', '{}', ['POST'], 'after the policy: a method and a URL, got POST'],
    ['good.json', '{}', ['POST'], 'steadfetch explain ./policy.json POST'],
    ['good.json', '{}', ['https://api.example/v1'], 'the method is missing: GET https://api.example/v1?'],
    ['good.json', '{}', [...request, 'https://b.example/'], 'one request at a time, got https://b.example/'],
  ])('says what is wrong, and ends with 2: %s %s', async (name, text, rest, message) => {
    const { code, out, errors } = await explain(name, text, ...rest);
    expect(errors).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

const started = (...argv: string[]) => spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...argv]);

async function ended(child: ReturnType<typeof started>): Promise<Omit<Ran, 'out'>> {
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, errors };
}

describe('steadfetch', () => {
  it.each(['--version', '-v'])('says its version: %s', async (flag) => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await run(flag)).toMatchObject({ code: 0, out: `${version}\n` });
  });

  it('knows which command was meant', async () => {
    const { code, errors } = await run('explian');
    expect(errors).toContain('there is no command "explian"; did you mean explain?');
    expect(code).toBe(2);
    expect((await run('saga')).errors).toContain('there is no command "saga"\n');
  });

  it('ends quietly if what it says is no longer read, as with `| head`', async () => {
    const file = join(folder, 'piped.json');
    await writeFile(file, JSON.stringify(policy));
    const child = started('explain', file, ...request);
    child.stdout.destroy();
    expect(await ended(child)).toEqual({ code: 0, errors: '' });
  });

  it('says which files it can read, given one that Node can not', async () => {
    const file = join(folder, 'policy.yaml');
    await writeFile(file, 'retry:');
    const { code, errors } = await ended(started('explain', file));
    expect(errors).toContain(`${file} can not be read by this Node: give JSON, a .mjs or a .js file`);
    expect(code).toBe(2);
  });
});
