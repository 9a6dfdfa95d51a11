// Rewrites package.json in the working directory: the newest release of everything around the package. What the
// package itself depends on keeps its major; the copy of undici that the tests use, as a user would, need not.
import { readFileSync, writeFileSync } from 'node:fs';

/** Tools that no test imports. The packages of OpenTelemetry are newest only together, and not on every day. */
const TOOLS = [
  '@biomejs/biome',
  '@stryker-mutator/core',
  '@stryker-mutator/vitest-runner',
  '@vitest/coverage-v8',
];

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const around = Object.keys(manifest.devDependencies).filter((name) => !TOOLS.includes(name));
const together = Object.entries(manifest.devDependencies).filter(([name]) =>
  name.startsWith('@opentelemetry/'),
);
manifest.devDependencies = {
  ...Object.fromEntries(around.map((name) => [name, 'latest'])),
  ...Object.fromEntries(together),
  'undici-of-the-user': 'npm:undici@latest',
};
writeFileSync('package.json', JSON.stringify(manifest, null, 2));
