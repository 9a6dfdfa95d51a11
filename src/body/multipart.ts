import type { FormDataLike } from 'form-data-encoder';
import type { BodySource } from './body-source.ts';
import { nativeBlob } from './foreign-blob.ts';
import { FormDataEncoder, isFile, isFormData } from './form-encoder.ts';
import { formOfFiles } from './form-of-files.ts';
import { isForeignBlob } from './recognise.ts';

type BlobParts = NonNullable<ConstructorParameters<typeof Blob>[0]>;

/** A form, with the same bytes for every attempt. */
export class FormBody implements BodySource {
  readonly #make: () => Blob | Promise<Blob>;
  #made: Blob | Promise<Blob> | undefined;

  /**
   * @param boundary the boundary that the request's headers name already, if any
   * @throws {TypeError} The form can't be read.
   */
  constructor(form: FormDataLike, boundary?: string) {
    this.#make = multipart(form, boundary);
  }

  next(): Blob | Promise<Blob> {
    this.#made ??= this.#make();
    return this.#made;
  }

  repeatable(): boolean {
    return true;
  }
}

/**
 * Encodes a form as one Blob, so that every attempt sends the same bytes with the same boundary. `fetch` would choose a new
 * boundary each time, and a server that fingerprints payloads would see another payload. The runtime's own files stay on disk
 * until they are sent. Files of other libraries are read when the returned function is called.
 *
 * @param boundary the boundary of an earlier form of this call, if any
 * @throws {TypeError} The form is another library's and can't be read, or has a field that can't be read.
 */
export function multipart(given: FormDataLike, boundary: string = newBoundary()): () => Blob | Promise<Blob> {
  if (!isFormData(given))
    throw new TypeError('the body is a FormData of another library that can not be read');
  const form = formOfFiles(given);
  for (const [name, value] of form.entries()) {
    if (typeof value === 'object' && !isFile(value)) {
      throw new TypeError(
        `the field ${JSON.stringify(name)} of the form is no string, and no File that can be read`,
      );
    }
  }
  const encoder = new FormDataEncoder(form, boundary);
  const parts = [...encoder.values()];
  const join = (all: readonly unknown[]) => new Blob(all as BlobParts, { type: encoder.contentType });
  if (!parts.some(isForeignBlob)) {
    const blob = join(parts);
    return () => blob;
  }
  return async () =>
    join(await Promise.all(parts.map((part) => (isForeignBlob(part) ? nativeBlob(part) : part))));
}

/** In lower case, because `Blob` changes its type to lower case. */
export function newBoundary(): string {
  return `steadfetch-${crypto.randomUUID()}`;
}
