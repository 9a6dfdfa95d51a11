/** gRPC's header of the time that a request has left, which is the default. */
export const GRPC_TIMEOUT = 'grpc-timeout';

/** Milliseconds of gRPC's units of time. */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** A value of gRPC's has eight digits at most. */
const LONGEST = 99_999_999;

/**
 * The time left as a header says it: `2500m` in `grpc-timeout`, and `2500`, in whole milliseconds, in any other.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function writeTimeLeft(header: string, ms: number): string {
  const whole = Math.min(Math.max(Math.floor(ms), 1), LONGEST);
  return header.toLowerCase() === GRPC_TIMEOUT ? `${whole}m` : `${whole}`;
}

/** The same in milliseconds. Undefined if the value is malformed: such a header sets no deadline. */
export function readTimeLeft(header: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (header.toLowerCase() !== GRPC_TIMEOUT) return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const scale = UNITS[unit];
  return scale === undefined ? undefined : Number(digits) * scale;
}
