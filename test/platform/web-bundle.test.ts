import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { expect, test } from 'vitest';
// @ts-expect-error: the build's own script has no types
import { browser, web } from '../../.config/web.mjs';
import { isToldToTryOnce, onBehalfOf, timeLeft } from '../../src/call/layer.browser.ts';
import { permanenceOf } from '../../src/call/network-error.browser.ts';
import { writtenPairs } from '../../src/http/written-headers.browser.ts';
import { channel, tracingChannel } from '../../src/platform/diagnostics.browser.ts';
import { checkMethods, notAMethod } from '../../src/policy/methods.browser.ts';

test.each([
  ['Bun, Deno and workerd', web],
  ['browsers', browser],
])('the bundle for %s imports nothing', async (_, options: BuildOptions) => {
  const { metafile } = await build({ ...options, write: false, metafile: true });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((path) => /node_modules\/undici\//.test(path))).toEqual([]);
});

// The goal is 30 kB. What is left is the rules, the guards, and the checks with their messages; limits, quota, hedging, deadlines and fallbacks took 5 kB.
test('the one for browsers is no larger than 40.3 kB, minified and gzipped', async () => {
  const { outputFiles } = await build({ ...(browser as BuildOptions), minify: true, write: false });
  const bytes = outputFiles.map(({ contents }) => gzipSync(contents).byteLength);
  expect(bytes).toHaveLength(1);
  expect(bytes[0]).toBeLessThanOrEqual(40_300);
});

test('in a browser any token is a method, an error of the network may be gone, and headers are listed as they are', () => {
  expect(notAMethod('FETCH')).toBeUndefined();
  expect(notAMethod('GE T')).toBe('"GE T" is no HTTP method');
  expect(checkMethods(['POST'], 'methods')).toEqual(['POST']);
  expect(() => checkMethods(['a b'], 'methods')).toThrow('methods');
  expect(permanenceOf(Object.assign(new TypeError('Failed to fetch'), { code: 'CERT_REVOKED' }))).toBe(
    'transient',
  );
  expect(writtenPairs(new Headers([['X-A', '1']]))).toEqual([['x-a', '1']]);
});

test('in a browser a handler runs as it is, and nothing is heard on channels', async () => {
  expect(onBehalfOf({ 'no-retry': '?1' }, isToldToTryOnce)).toBe(false);
  expect(onBehalfOf({ 'grpc-timeout': '1S' }, timeLeft)).toBeUndefined();
  expect(channel('steadfetch:attempt').hasSubscribers).toBe(false);
  expect(await tracingChannel('steadfetch:call').tracePromise(async () => 1, {})).toBe(1);
});
