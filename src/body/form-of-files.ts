import type { FormDataLike } from 'form-data-encoder';

/**
 * The same form, with Files that have the tag of a File. Bun's Files have the tag of a Blob, and `form-data-encoder` tells files
 * from texts by the tag.
 */
export function formOfFiles(form: FormDataLike): FormDataLike {
  const fields = [...form.entries()];
  if (!fields.some(([, value]) => isUntagged(value))) return form;
  const tagged = fields.map(([name, value]): [string, typeof value] => [
    name,
    isUntagged(value) ? new TaggedFile([value], value.name, { type: value.type }) : value,
  ]);
  return {
    [Symbol.toStringTag]: 'FormData',
    append: () => {},
    getAll: (wanted) => tagged.flatMap(([name, value]) => (name === wanted ? [value] : [])),
    entries: () => tagged.values(),
    [Symbol.iterator]: () => tagged.values(),
  };
}

class TaggedFile extends File {
  override get [Symbol.toStringTag](): string {
    return 'File';
  }
}

function isUntagged(value: unknown): value is File {
  return value instanceof File && Reflect.get(value, Symbol.toStringTag) !== 'File';
}
