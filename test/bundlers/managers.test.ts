import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { expectCharge } from './expect-charge.ts';
import { command, here, NODES, type NodeVersion, node, packaged } from './nodes.ts';
import { emptyProject } from './project.ts';

interface Manager {
  readonly install: (cwd: string, on: NodeVersion) => Promise<unknown>;
  /** What comes before the program, where Node alone would not find the packages. */
  readonly run?: readonly string[];
}

const NPM = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
const yarn4 = packaged('@yarnpkg/cli-dist/bin/yarn.js');

const managers: Record<string, Manager> = {
  npm: { install: (cwd, on) => command('npm', ['install', ...NPM], { cwd, on }) },
  'npm ci, with a lock file that was made on Node 24': {
    install: async (cwd, on) => {
      await command('npm', ['install', '--package-lock-only', ...NPM], { cwd, on: '24' });
      await command('npm', ['ci', ...NPM], { cwd, on });
    },
  },
  pnpm: {
    install: (cwd, on) => node([packaged('pnpm/bin/pnpm.cjs'), 'install', '--prefer-offline'], { cwd, on }),
  },
  'Yarn 1': {
    install: (cwd, on) =>
      node([packaged('yarn/bin/yarn.js'), 'install', '--prefer-offline', '--silent'], { cwd, on }),
  },
  "Yarn 4, with Plug'n'Play": {
    install: async (cwd, on) => {
      // An empty lock file says that this is a project of its own.
      await writeFile(join(cwd, 'yarn.lock'), '');
      await node([yarn4, 'install'], {
        cwd,
        on,
        env: { YARN_NODE_LINKER: 'pnp', YARN_ENABLE_TELEMETRY: '0' },
      });
    },
    run: [yarn4, 'node'],
  },
};

describe.each(Object.entries(managers))('installed by %s', (_name, { install, run = [] }) => {
  it.each(NODES)('a call is made on Node %s', { timeout: 120_000 }, async (on) => {
    await using project = await emptyProject();
    const cwd = project.folder;
    for (const file of ['charge.js', 'main.js']) await cp(join(here, 'app', file), join(cwd, file));
    await install(cwd, on);
    await expectCharge(async (origin) => JSON.parse(await node([...run, 'main.js', origin], { cwd, on })));
  });
});
