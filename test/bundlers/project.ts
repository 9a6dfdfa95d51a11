import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The package, packed: an absolute path. */
export const tarball = process.env.STEADFETCH_TARBALL ?? '';

export interface Project extends AsyncDisposable {
  readonly folder: string;
}

/** An empty project that depends on the packed package, far from this repository's node_modules. */
export async function emptyProject(more: Record<string, unknown> = {}): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'steadfetch-project-'));
  const manifest = { name: 'project', version: '1.0.0', private: true, type: 'module', ...more };
  const dependencies = { steadfetch: `file:${tarball}`, ...(more.dependencies as object | undefined) };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, dependencies }));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
