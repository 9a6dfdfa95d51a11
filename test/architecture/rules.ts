import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';

/** The floors of the house, the lowest first. No room imports one that is above it, and rooms of one floor don't meet. */
export const floors: readonly (readonly string[])[] = [
  ['model'],
  ['platform'],
  ['options', 'http', 'presets', 'tools'],
  ['policy', 'body'],
  ['guard'],
  ['transport'],
  ['call'],
  ['fetch', 'undici', 'opentelemetry', 'watch'],
  ['once'],
  ['server', 'outbox'],
  ['saga'],
  ['testing', 'lab', 'index.ts'],
  ['cli'],
  ['cli.ts'],
];

/** Rooms that stand on Node: all others run in a browser, too. */
const NODE =
  'src/(platform/|transport/default\\.ts|transport/undici/|undici/|opentelemetry/|once/|server/|outbox/|saga/|testing/|lab/|tools/|watch/|cli)';
/** Every room of the house, to see that none is missing among the floors. */
export const rooms: readonly string[] = floors.flat();

function pathOf(room: string): string {
  return room.endsWith('.ts') ? `src/${room.replace('.', '\\.')}$` : `src/${room}/`;
}

const upward: IForbiddenRuleType[] = floors.flatMap((floor, height) =>
  floor.map((room) => {
    const above = [...floor.filter((other) => other !== room), ...floors.slice(height + 1).flat()];
    return {
      name: `${room} looks up, or across`,
      severity: 'error' as const,
      from: { path: pathOf(room) },
      to: { path: above.map(pathOf).join('|') || '^$' },
    };
  }),
);

const forbidden: IForbiddenRuleType[] = [
  { name: 'a circle of files', severity: 'error', from: {}, to: { circular: true } },
  ...upward,
  {
    name: 'Node, or undici, outside of its rooms',
    severity: 'error',
    from: { path: 'src/', pathNot: NODE },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'undici outside of its rooms',
    severity: 'error',
    from: { path: 'src/', pathNot: NODE },
    to: { path: 'node_modules/undici/' },
  },
  {
    name: 'opossum is the guard’s alone',
    severity: 'error',
    from: { path: 'src/', pathNot: 'src/(guard|lab)/' },
    to: { path: 'node_modules/opossum/' },
  },
  {
    name: 'p-retry is the call’s alone',
    severity: 'error',
    from: { path: 'src/', pathNot: 'src/(call|lab)/' },
    to: { path: 'node_modules/p-retry/' },
  },
  {
    name: 'a file for the web that needs Node',
    severity: 'error',
    from: { path: '\\.web\\.ts$' },
    to: { dependencyTypes: ['core'] },
  },
];

/** Each import that breaks a rule, as text. Imports of types count. */
export async function violations(folder: string): Promise<readonly string[]> {
  const result = await cruise([folder], {
    // Reads TypeScript without TypeScript's own compiler, which from 7 on has no interface for it.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
    ruleSet: { forbidden },
    validate: true,
  });
  const { summary } = result.output as ICruiseResult;
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}
