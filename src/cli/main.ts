import { createRequire } from 'node:module';
import { closest } from '../options/suggest.ts';

/** A command: what it is given is the command line from its own name on. It resolves with the exit code. */
interface Command {
  readonly says: string;
  readonly load: () => Promise<{ run(argv: readonly string[]): Promise<number> }>;
}

/** Each is only loaded when it is asked for: what they need is optional. */
const commands: Readonly<Record<string, Command>> = {
  lab: {
    says: 'what retries do to a service that is in trouble, on virtual time',
    load: () => import('../lab/cli.ts'),
  },
  explain: { says: 'what a policy comes to for one request', load: () => import('./explain.ts') },
  watch: {
    says: 'a page that shows what the clients of a process do',
    load: () => import('../watch/cli.ts'),
  },
  outbox: { says: 'what an outbox holds: ls, show, replay, discard', load: () => import('../outbox/cli.ts') },
};

/** Runs a command line. @returns the exit code; what is wrong has been said on standard error */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const name = argv[0] ?? '';
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return (await command.load()).run(argv);
  const wide = Math.max(...Object.keys(commands).map(({ length }) => length));
  const lines = Object.entries(commands).map(
    ([word, { says }]) => `  steadfetch ${word.padEnd(wide)}  ${says}\n`,
  );
  const asked = name === '' || name === '--help' || name === '-h' || name === 'help';
  const help = `${asked ? '' : `${unknown(name)}\n\n`}${lines.join('')}\nsteadfetch COMMAND --help says more.\n`;
  (asked ? process.stdout : process.stderr).write(help);
  return asked ? 0 : 2;
}

function unknown(name: string): string {
  const meant = closest(name, Object.keys(commands));
  return `there is no command ${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** Of this package, wherever it is installed. */
function version(): string {
  return createRequire(import.meta.url)('steadfetch/package.json').version;
}
