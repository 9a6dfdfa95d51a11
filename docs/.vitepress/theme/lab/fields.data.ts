import { readFileSync } from 'node:fs';
import { type Field, fieldsOf, partsOf } from './fields.ts';

declare const data: { fields: Field[]; parts: string[] };

export { data };

/** Read from the published schema while the site is built. */
export default {
  load() {
    const file = new URL('../../../../dist/policy.schema.json', import.meta.url);
    const schema = JSON.parse(readFileSync(file, 'utf8'));
    return { fields: fieldsOf(schema), parts: partsOf(schema) };
  },
};
