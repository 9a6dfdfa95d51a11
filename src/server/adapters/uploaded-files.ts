import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** Where multer, express-fileupload, formidable and multiparty put files: one file, a list, or lists by field. */
export interface UploadedFiles {
  readonly file?: unknown;
  readonly files?: unknown;
}

/**
 * The name, type and SHA-256 of each file, sorted, so that two uploads can be compared.
 *
 * @returns undefined if the content of a file is out of reach, such as in a remote storage
 */
export async function digestsOf({ file, files }: UploadedFiles): Promise<readonly unknown[] | undefined> {
  const found = [...listed(undefined, file), ...listed(undefined, files)];
  const digests = await Promise.all(found.map(([field, one]) => digestOf(field, one)));
  if (digests.includes(undefined)) return undefined;
  return digests.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** multer: a file, an array, or `{ field: array }`. express-fileupload: `{ field: file }`. */
function listed(field: string | undefined, value: unknown): [field: string | undefined, file: object][] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => listed(field, one));
  if (isFile(value)) return [[field, value]];
  return Object.entries(value).flatMap(([name, one]) => listed(name, one));
}

/** Whether the value is one file: a file has at least a name or a path, a list of files by field has only objects. */
const isFile = (value: object) =>
  Object.values(value).some(
    (part) => typeof part !== 'object' || part === null || part instanceof Uint8Array,
  );

async function digestOf(field: string | undefined, file: object): Promise<unknown> {
  const hash = createHash('sha256');
  const of = (name: string): unknown => Reflect.get(file, name);
  if (!(await update(hash, of))) return undefined;
  const names = [
    of('fieldname') ?? field,
    of('originalname') ?? of('originalFilename') ?? of('name'),
    of('mimetype') ?? of('type'),
  ];
  return [...names.map((name) => name ?? null), hash.digest('base64url')];
}

/** Hashes a file from memory or from disk. @returns false if neither has it */
async function update(hash: Hash, of: (name: string) => unknown): Promise<boolean> {
  for (const bytes of [of('buffer'), of('data')])
    if (bytes instanceof Uint8Array && (bytes.length > 0 || of('size') === 0)) {
      hash.update(bytes);
      return true;
    }
  for (const path of [of('path'), of('filepath'), of('tempFilePath')])
    if (typeof path === 'string' && path !== '') {
      await pipeline(createReadStream(path), hash, { end: false });
      return true;
    }
  return false;
}
