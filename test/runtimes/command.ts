import { runChecks } from './checks.ts';

// Started by a runtime that has a command line, with the address of the server. Its last line is what came of it.

const { Deno, process } = globalThis as {
  Deno?: { args: string[] };
  process?: { argv: string[] };
};
const [server = '', wire] = Deno?.args ?? process?.argv.slice(2) ?? [];
console.log(JSON.stringify(await runChecks({ server, seesWire: wire === 'wire' })));
