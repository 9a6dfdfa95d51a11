import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PolicyError } from '../model/errors.ts';
import type { ClientOptions } from '../model/options.ts';

/**
 * Reads options from a file: JSON, or the default export of a module. The client that is made of them checks them.
 *
 * @throws {PolicyError} The file has no options.
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
  // Without this check, a module without a default export would silently test the defaults.
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
