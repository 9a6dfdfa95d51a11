import { expect, test, vi } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

test('the report of a call is found by another copy of this package: a tool may load one as ESM and one as CommonJS', async () => {
  vi.resetModules();
  const other = await import('../../src/index.ts');
  expect(other.callReport).not.toBe(callReport);
  await using server = await startFaultServer({});
  const response = await createFetch()(server.url);
  expect(other.callReport(response)?.stopped).toBe('success');
  const refused = await createFetch()('http://127.0.0.1:1/').catch((error: unknown) => error);
  expect(other.callReport(refused)?.delivery).toBe('not-sent');
});
