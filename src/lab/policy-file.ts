import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PolicyError } from '../model/errors.ts';
import type { ClientOptions } from '../model/options.ts';

/**
 * The options in a file: JSON, or a module whose default export they are. Whoever makes a client of them checks them.
 *
 * @throws {PolicyError} There are none in it.
 */
export async function readPolicyFile(path: string): Promise<ClientOptions> {
  return extname(path) === '.json' ? readJson(path) : readModule(path);
}

async function readJson(path: string): Promise<ClientOptions> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PolicyError(path, `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

async function readModule(path: string): Promise<ClientOptions> {
  const module: object = await import(pathToFileURL(resolve(path)).href);
  // Without one, the defaults would be looked at, and nobody would know.
  if (!('default' in module)) {
    const names = Object.keys(module);
    const has = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
    throw new PolicyError(
      path,
      `must export the options as its default, as in "export default { retry: … }"; ${has}`,
    );
  }
  return module.default as ClientOptions;
}
