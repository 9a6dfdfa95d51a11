import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PolicyError } from '../model/errors.ts';
import type { ClientOptions } from '../model/options.ts';

const UNREADABLE =
  'can not be read by this Node: give JSON, a .mjs or a .js file; for TypeScript Node 22.18 or newer, or NODE_OPTIONS="--import tsx"';

/**
 * Reads options from a file: JSON, or the default export of a module. The client that is made of them checks them.
 *
 * @throws {PolicyError} The file has no options.
 */
export async function readPolicyFile(path: string): Promise<ClientOptions> {
  return extname(path) === '.json' ? readJson(path) : readModule(path);
}

async function readJson(path: string): Promise<ClientOptions> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    // Node's own words don't say which file is a folder.
    if (Reflect.get(Object(error), 'code') === 'EISDIR')
      throw new PolicyError(path, 'is a folder, not a file');
    throw error;
  });
  try {
    // Editors and shells of Windows put a byte order mark in front.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new PolicyError(path, `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

async function readModule(path: string): Promise<ClientOptions> {
  const module: object = await import(pathToFileURL(resolve(path)).href).catch((error: unknown) => {
    if (Reflect.get(Object(error), 'code') !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    throw new PolicyError(path, UNREADABLE);
  });
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
