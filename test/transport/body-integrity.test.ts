import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
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

describe('zstd, on every Node,', () => {
  // Made with Node 24's zlib: one block; one with a checksum; runs of one letter; three blocks of a stream, with a checksum.
  const frames = [
    'KLUv/SAEIQAAdGV4dA==',
    'KLUv/SR4XQAAIHRleHQBAPHUEQHaNL8f',
    'KLUv/aDgkwQAVAAAEHh4AQD7/znAAgIAEHgDnwR4',
    'KLUv/QRYIAAAb25lICAAAHR3byApAAB0aHJlZWPKFss=',
  ].map((text) => Buffer.from(text, 'base64'));
  const skipped = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]);
  const zstd = { ...plain, encoding: 'zstd' };

  test('that is whole passes, in one frame or in several, in whatever pieces', async () => {
    for (const frame of frames) {
      await assertIntact(zstd, [frame]);
      await assertIntact(zstd, [frame.subarray(0, 7), frame.subarray(7)]);
      await assertIntact(zstd, [frame, skipped, frame]);
    }
  });

  test('that is cut does not, wherever it is cut', async () => {
    for (const frame of frames) {
      for (let length = 1; length < frame.length; length++) {
        await expect(assertIntact(zstd, [frame.subarray(0, length)])).rejects.toThrow(
          'the response body is cut',
        );
      }
    }
  });

  test('that is none does not', () =>
    expect(assertIntact(zstd, bytes(40))).rejects.toThrow('the response body is cut'));
});
