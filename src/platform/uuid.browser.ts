// RFC 9562 without the package `uuid`, most of which is checks that keys do not need. A property test compares the two.

/** A random UUID. Not `crypto.randomUUID`, which only secure contexts have. */
export function v4(): string {
  return written(crypto.getRandomValues(new Uint8Array(16)), 4);
}

/** A UUID made of a name. @param namespace a UUID */
export function v5(name: string, namespace: string): string {
  const scope = (namespace.match(/[\da-f]{2}/gi) ?? []).map((byte) => Number.parseInt(byte, 16));
  return written(sha1([...scope, ...new TextEncoder().encode(name)]), 5);
}

/** The first 16 bytes as text, with the bits of version and variant. */
function written(bytes: Uint8Array, version: number): string {
  const digits = Array.from(bytes.subarray(0, 16), (byte, at) => {
    const marked = at === 6 ? (byte & 0x0f) | (version << 4) : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, '0');
  });
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** FIPS 180-4, section 6.1. The digest of Web Crypto is asynchronous, but a key is needed at once. */
function sha1(message: readonly number[]): Uint8Array {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < padded.length; block += 64) {
    const words: number[] = [];
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = hash;
    for (let t = 0; t < 80; t++) {
      const back = (by: number): number => words[t - by] ?? 0;
      words.push(
        t < 16 ? view.getUint32(block + 4 * t) : rotated(back(3) ^ back(8) ^ back(14) ^ back(16), 1),
      );
      const [mixed, constant] = ROUNDS[Math.floor(t / 20)]?.(b, c, d) ?? [0, 0];
      const next = (rotated(a, 5) + mixed + e + constant + back(0)) | 0;
      [a, b, c, d, e] = [next, a, rotated(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((word, at) => {
      hash[at] = ((hash[at] ?? 0) + word) | 0;
    });
  }
  const digest = new DataView(new ArrayBuffer(20));
  for (const [at, word] of hash.entries()) digest.setUint32(4 * at, word);
  return new Uint8Array(digest.buffer);
}

const ROUNDS: readonly ((b: number, c: number, d: number) => [mixed: number, constant: number])[] = [
  (b, c, d) => [(b & c) | (~b & d), 0x5a827999],
  (b, c, d) => [b ^ c ^ d, 0x6ed9eba1],
  (b, c, d) => [(b & c) | (b & d) | (c & d), 0x8f1bbcdc],
  (b, c, d) => [b ^ c ^ d, 0xca62c1d6],
];

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
