import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormDataEncoder } from '../../src/body/form-encoder.ts';
import { FormDataEncoder as WebFormDataEncoder } from '../../src/body/form-encoder.web.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'ä', '€', '"', '\r', '\n', '\\', '%', '\0') });
const file = fc
  .record({ content: text, name: text, type: fc.constantFrom('', 'text/plain', 'image/png') })
  .map(({ content, name, type }) => new File([content], name, { type }));

test("the browser's encoder makes the same bytes as form-data-encoder", async () => {
  const fields = fc.array(fc.tuple(text, fc.oneof(text, file)));
  await fc.assert(
    fc.asyncProperty(fields, async (all) => {
      const form = new FormData();
      for (const [name, value] of all) form.append(name, value as string);
      const [whole, web] = [new FormDataEncoder(form, 'between'), new WebFormDataEncoder(form, 'between')];
      expect(web.contentType).toBe(whole.contentType);
      expect(await textOf(web)).toBe(await textOf(whole));
    }),
    { numRuns: 300 },
  );
});

function textOf(encoder: { values(): Iterable<unknown> }): Promise<string> {
  return new Blob([...encoder.values()] as string[]).text();
}
