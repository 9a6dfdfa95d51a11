/** The result of an effect, as it is kept: JSON in bytes, and no bytes for `undefined`. */
export const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value) ?? '');

export const decode = <T>(bytes: Uint8Array): T =>
  bytes.length === 0 ? (undefined as T) : (JSON.parse(new TextDecoder().decode(bytes)) as T);
