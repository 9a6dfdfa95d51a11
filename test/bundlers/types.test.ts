import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command, here, node, packaged } from './nodes.ts';
import { emptyProject, type Project } from './project.ts';

const { devDependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const compilers = Object.keys(devDependencies).filter((name) => name.startsWith('typescript'));

let project: Project;
beforeAll(async () => {
  project = await emptyProject({ dependencies: { '@types/node': devDependencies['@types/node'] } });
  await command('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: project.folder });
  await cp(join(here, 'types'), project.folder, { recursive: true });
}, 120_000);
afterAll(() => project?.[Symbol.asyncDispose]());

describe.each(compilers)('%s, without skipLibCheck', (compiler) => {
  // `node10` is what `module: commonjs` meant until TypeScript 5. 6 deprecates it, 7 has it no more.
  const isOld = /^typescript(-5|$)/.test(compiler);
  it.each(isOld ? ['nodenext', 'bundler', 'node10'] : ['nodenext', 'bundler'])(
    'finds no fault in the types of the package, resolved as by "%s"',
    { timeout: 60_000 },
    async (way) => {
      const args = [packaged(`${compiler}/bin/tsc`), '-p', `${way}.json`];
      expect(await node(args, { cwd: project.folder })).toBe('');
    },
  );
});
