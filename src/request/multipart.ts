import { FormDataEncoder, type FormDataLike } from 'form-data-encoder';

type BlobParts = NonNullable<ConstructorParameters<typeof Blob>[0]>;

/**
 * A form as one Blob: every attempt sends the same bytes under the same boundary, where `fetch` would draw a new
 * boundary each time, which to a server that fingerprints payloads is another payload. Files stay on disk until sent.
 */
export function multipart(form: FormData): Blob {
  const encoder = new FormDataEncoder(form as FormDataLike);
  return new Blob([...encoder.values()] as BlobParts, { type: encoder.contentType });
}
