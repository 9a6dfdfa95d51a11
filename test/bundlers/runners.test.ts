import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startCheckServer } from '../runtimes/server.ts';
import { CHARGED, expectCharge } from './expect-charge.ts';
import { here, NODES, type NodeVersion, node, packaged } from './nodes.ts';

const JEST = packaged('jest/bin/jest.js');

/** Each runs `app/charge.spec.js`, whose test looks at the result itself. */
const runners: Record<string, { args: string[]; nodes?: readonly NodeVersion[] }> = {
  'Jest with babel-jest': { args: [JEST, '-c', 'jest/babel.json'], nodes: ['20'] },
  'Jest with ESM': { args: ['--experimental-vm-modules', JEST, '-c', 'jest/esm.json'] },
  Vitest: { args: [packaged('vitest/vitest.mjs'), 'run', '--config', 'vitest.config.js'] },
};

describe.each(Object.entries(runners))('%s', (_name, { args, nodes = NODES }) => {
  it.each(nodes)('loads the package, and makes a call, on Node %s', { timeout: 120_000 }, async (on) => {
    await expectCharge(async (ORIGIN) => {
      await node(args, { on, env: { ORIGIN } });
      return CHARGED;
    });
  });
});

describe('Jest with ts-jest', () => {
  it('has what every runtime has, though its globals are of another realm', {
    timeout: 120_000,
  }, async () => {
    const reports = join(here, 'reports');
    await mkdir(reports, { recursive: true });
    await cp(join(here, '../runtimes/checks.ts'), join(reports, 'checks.ts'));
    const spec = `
      import { checks } from './checks';
      test.each(Object.entries(checks))('%s', (_name, check) => check(process.env.ORIGIN, true), 30_000);`;
    await writeFile(join(reports, 'checks.spec.ts'), spec);
    await using server = await startCheckServer();
    const args = [JEST, '-c', 'jest/ts.json', '--json'];
    const result = JSON.parse(await node(args, { env: { ORIGIN: server.url } }));
    expect(result).toMatchObject({ success: true, numPendingTests: 0 });
    expect(result.numPassedTests).toBeGreaterThan(15);
  });
});

describe('tsx', () => {
  it.each(NODES)('runs TypeScript with the package in it, on Node %s', async (on) => {
    await expectCharge(async (origin) =>
      JSON.parse(await node([packaged('tsx/dist/cli.mjs'), 'app/main.ts', origin], { on })),
    );
  });
});
