import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { assertIntact } from '../../src/transport/undici/body-integrity.ts';

const bytes = (...sizes: readonly number[]) => sizes.map((size) => Buffer.alloc(size, 'x'));
const plain = { length: '', encoding: '' };

test('a body is as long as its content-length, however many chunks it came in', async () => {
  await assertIntact({ ...plain, length: '5' }, bytes(2, 0, 3));
  await assertIntact({ ...plain, length: '0' }, []);
  await expect(assertIntact({ ...plain, length: '6' }, bytes(2, 3))).rejects.toThrow(
    'the response body has 5 bytes, its content-length is 6',
  );
  await expect(assertIntact({ ...plain, length: '6' }, [])).rejects.toThrow('has 0 bytes');
});

test('a content-length that is missing or no number says nothing', async () => {
  await assertIntact(plain, bytes(5));
  await assertIntact({ ...plain, length: '6, 6' }, bytes(5));
});

test('a compressed body is decoded to its end, whatever chunks it came in', async () => {
  const gzip = gzipSync('some text');
  const pieces = [gzip.subarray(0, 3), gzip.subarray(3)];
  await assertIntact({ ...plain, encoding: ' GZip ' }, pieces);
  await expect(assertIntact({ ...plain, encoding: 'gzip' }, [gzip.subarray(0, -4)])).rejects.toMatchObject({
    code: 'Z_BUF_ERROR',
  });
});

test('a compressed body of no bytes is none', async () => {
  await assertIntact({ ...plain, encoding: 'gzip' }, bytes(0));
});
