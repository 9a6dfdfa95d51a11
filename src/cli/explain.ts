import { parseArgs } from 'node:util';
import { createFetch } from '../fetch/create-fetch.ts';
import { readPolicyFile } from '../lab/policy-file.ts';
import type { Explanation } from '../model/explanation.ts';

const HELP = `steadfetch explain: what a policy comes to for one request; nothing is sent

  steadfetch explain ./policy.json POST https://api.pay.example/v1/charges
    --json                             the same for programs
  steadfetch explain ./policy.json     checks the policy, and lists its rules

The policy is JSON, or a module (.mjs, .js) that exports the options of createFetch as its default.
`;

/** `steadfetch explain …` */
export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean', default: false } },
  });
  const [, file, method, url, ...more] = positionals;
  if (values.help || file === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  if (method === undefined) {
    process.stdout.write(await checkOf(file));
    return 0;
  }
  const wrong = misuseIn(method, url, more);
  if (url === undefined || wrong !== undefined) {
    process.stderr.write(`${wrong}\n\n${HELP}`);
    return 2;
  }
  const explanation = createFetch(await readPolicyFile(file)).explain(method, url);
  process.stdout.write(values.json ? `${JSON.stringify(explanation, plain, 2)}\n` : pageOf(explanation));
  return 0;
}

/** @throws {PolicyError} An option of the file is wrong. */
async function checkOf(file: string): Promise<string> {
  const policy = await readPolicyFile(file);
  createFetch(policy);
  const rules = Object.keys(policy.endpoints ?? {});
  return `${file} is a valid policy; rules for endpoints: ${rules.length}\n${rules.map((rule) => `  ${rule}\n`).join('')}`;
}

/** What is missing from the arguments after the policy, or is too much. */
function misuseIn(method: string, url: string | undefined, more: readonly string[]): string | undefined {
  if (method.includes('://')) return `the method is missing: GET ${method}?`;
  if (url === undefined) return `after the policy: a method and a URL, got ${method}`;
  return more.length === 0 ? undefined : `one request at a time, got ${more.join(' ')} after the URL`;
}

/** JSON has no `Infinity` and no functions. */
function plain(_name: string, value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY) return false;
  return typeof value === 'function' ? 'a function' : value;
}

function pageOf({ method, url, endpoint, scope, key, values }: Explanation): string {
  const rows = Object.entries(values).map(([path, { value, from }]) => [path, shown(value), from] as const);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map(
    ([path, value, from]) => `  ${path.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${from}`,
  );
  return `${method} ${url}
rule   ${endpoint ?? 'none matches'}
scope  ${scope ?? 'none: neither breaker, budget nor limit'}
key    ${key.says}

${lines.join('\n')}
`;
}

function shown(value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return 'no limit';
  if (value === false) return 'off';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.join(' ') || 'none';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
