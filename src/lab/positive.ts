/** @throws {TypeError} The value is no number above 0. The message has its name. */
export function positive(name: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(`${name} must be a number above 0, got ${JSON.stringify(value)}`);
}
