import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export default {
  distDir: process.env.DIST,
  // Built by webpack, Next.js 16.4 misses a manifest of its own for any route on the edge runtime, and takes a single
  // extension for none.
  pageExtensions: process.env.EDGE ? ['js', 'edge.js'] : ['js', 'jsx'],
  // The packages are one folder up.
  turbopack: { root },
  outputFileTracingRoot: root,
};
