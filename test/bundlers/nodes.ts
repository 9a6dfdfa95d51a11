import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Every Node that is supported, as packages of npm have them. */
export const NODES = ['20', '22', '24'] as const;
export type NodeVersion = (typeof NODES)[number];

export const here = import.meta.dirname;
export const packaged = (file: string) => join(here, 'node_modules', file);
export const nodeOf = (version: NodeVersion) => packaged(`node${version}/bin/node`);

interface RunOptions {
  /** @default this folder */
  readonly cwd?: string;
  /** @default '20', the oldest that is supported */
  readonly on?: NodeVersion;
  /** Beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program of JavaScript on one of them, and gives what it prints. */
export function node(args: readonly string[], options: RunOptions = {}): Promise<string> {
  return command(nodeOf(options.on ?? '20'), args, options);
}

/**
 * Runs a program, and gives what it prints.
 *
 * @throws what it printed, if it fails
 */
export async function command(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const run = promisify(execFile)(file, args, {
    cwd: options.cwd ?? here,
    env: environment(options),
    maxBuffer: 10_000_000,
  });
  try {
    return (await run).stdout;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Partial<Record<string, string>>;
    throw new Error([message, stdout, stderr].join('\n').slice(0, 5_000));
  }
}

/** What Vitest and npm say to what they start; and `CI`, with which package managers want a lock file. */
const NOT_THEIRS = /^(VITEST|npm_|NODE_ENV$|NODE_OPTIONS$|CI$|TEST$)/;

/** What a program starts itself gets the same Node. */
export function environment({ on = '20', env }: RunOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_THEIRS.test(name));
  const path = `${join(nodeOf(on), '..')}:${process.env.PATH}`;
  return { ...Object.fromEntries(inherited), PATH: path, NO_COLOR: '1', ...env };
}
