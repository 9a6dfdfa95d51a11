import { runChecks } from './checks.ts';

// The page that a browser opens: it tells the server that served it what came of the checks.

const { origin } = (globalThis as unknown as { location: URL }).location;
const problems = await runChecks({ server: origin, seesWire: false }).catch((error: unknown) => ({
  page: String(error),
}));
await fetch(`${origin}/posted/problems`, { method: 'POST', body: JSON.stringify(problems) });
