import type { FormDataEntryValue, FormDataLike } from 'form-data-encoder';
import { hasMethods } from './recognise.ts';

/** The parts of `form-data-encoder` that are used here. The whole package is too large for the browser bundle. */
export class FormDataEncoder {
  readonly contentType: string;
  readonly #form: FormDataLike;
  readonly #boundary: string;

  constructor(form: FormDataLike, boundary: string) {
    this.#form = form;
    this.#boundary = boundary;
    this.contentType = `multipart/form-data; boundary=${boundary}`;
  }

  /** WHATWG HTML, multipart/form-data encoding algorithm. */
  *values(): Generator<unknown> {
    for (const [name, value] of this.#form.entries()) {
      yield `--${this.#boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"`;
      if (isFile(value)) {
        const type = value.type || 'application/octet-stream';
        yield `; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
        yield value;
      } else {
        yield `\r\n\r\n${String(value).replace(/\r\n?|\n/g, '\r\n')}`;
      }
      yield '\r\n';
    }
    yield `--${this.#boundary}--\r\n\r\n`;
  }
}

export function isFormData(form: unknown): form is FormDataLike {
  return hasMethods(form, 'append', 'getAll', 'entries', Symbol.iterator);
}

export function isFile(value: unknown): value is Extract<FormDataEntryValue, { name: string }> {
  if (!hasMethods(value, 'stream')) return false;
  return (
    Reflect.get(value as object, Symbol.toStringTag) === 'File' &&
    Reflect.get(value as object, 'name') != null
  );
}

function escaped(name: string): string {
  return String(name).replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}
