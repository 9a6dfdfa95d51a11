import { PolicyError } from '../model/errors.ts';

/*
 * What a `fetch` resolves to may be less than a `Response`: the `{ ok: true, json }` of a test, or the answer of a library whose
 * bodies are streams of Node. To code that only reads what is there, such an answer is as good.
 */

/** @throws {PolicyError} It is no answer at all, as from a mock that was told nothing. */
export function assertAnswer(value: unknown): asserts value is Response {
  if (Object(value) !== value) throw new PolicyError('fetch', `must resolve to a Response, got ${value}`);
}

/** The body, if there is one that can be watched for. */
export function bodyOf({ body }: Response): ReadableStream<Uint8Array> | undefined {
  return Object(body) === body ? (body ?? undefined) : undefined;
}

/** The body, if it is a stream of the web platform, which we can read. */
export function webBodyOf({ body }: Response): ReadableStream<Uint8Array> | undefined {
  return (body as Partial<ReadableStream> | null)?.getReader && (body ?? undefined);
}

/** One header; null: it is not there, or there are no headers. */
export function headerOf({ headers }: Response, name: string): string | null {
  return (headers as Partial<Headers> | undefined)?.get?.(name) ?? null;
}
