import { FormDataEncoder, type FormDataLike } from 'form-data-encoder';

type BlobParts = NonNullable<ConstructorParameters<typeof Blob>[0]>;

/**
 * A form as one Blob: every attempt sends the same bytes under the same boundary, where `fetch` would draw a new
 * boundary each time, which to a server that fingerprints payloads is another payload. Files stay on disk until sent.
 *
 * @param boundary the one to use, if there has been a form in this call before
 */
export function multipart(form: FormData, boundary: string = newBoundary()): Blob {
  const encoder = new FormDataEncoder(form as FormDataLike, boundary);
  return new Blob([...encoder.values()] as BlobParts, { type: encoder.contentType });
}

/** In lower case, because that is what the type of a Blob is turned into. */
export function newBoundary(): string {
  return `steadfetch-${crypto.randomUUID()}`;
}
