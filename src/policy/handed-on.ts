import type { CallUrl } from '../http/call-url.ts';
import { PolicyError } from '../model/errors.ts';

/**
 * Libraries that hand all their options on to their `fetch`. Each is known by a member that people do not write by hand.
 * gaxios' repeats are accepted: Google's own libraries ask for them, so that users can't switch them off, and it repeats no POST.
 */
const MARKS = [
  ['fetchImplementation', 'gaxios'],
  ['customFetchImpl', 'better-fetch'],
  ['parseRejected', 'up-fetch'],
  ['shareRequest', 'alova'],
] as const;

/**
 * Whether a member of an `init` is another library's own, and not ours.
 *
 * @throws {PolicyError} It asks for repeats, and two layers that both repeat are a mistake.
 */
export function isHandedOn(
  name: string,
  value: unknown,
  init: Readonly<Record<string, unknown>>,
  { href }: Pick<CallUrl, 'href'>,
): boolean {
  const [, library] = MARKS.find(([mark]) => mark in init) ?? [];
  if (library === undefined) return name === 'params' ? isInUrl(value, href) : isOfetchs(name, value, init);
  const repeats = name === 'retry' && ((value as { attempts?: unknown } | null)?.attempts ?? value);
  if (repeats && library !== 'gaxios')
    throw new PolicyError(name, `is ${library}'s: leave its repeats out, for this client repeats`);
  return true;
}

/**
 * Apollo's RESTDataSource, xior and PocketBase write their `params` into the URL, and hand them on too. Such `params` lose
 * nothing when they are left out. An empty value may be missing from the URL, and a nested one is there as `name[key]` or `name.key`.
 */
function isInUrl(params: unknown, href: string): boolean {
  if (typeof params !== 'object' || params === null) return false;
  const { searchParams } = new URL(href);
  const names = [...searchParams.keys()];
  const wanted = params instanceof URLSearchParams ? [...params] : Object.entries(params);
  return wanted.every(([name, value]) => {
    if (`${value ?? ''}` === '') return true;
    if (Object(value) !== value) return searchParams.getAll(name).includes(String(value));
    return names.some((key) => key === name || key.startsWith(`${name}[`) || key.startsWith(`${name}.`));
  });
}

/**
 * ofetch has no such mark. It adds `retry: 0` to its own retries, its headers are always a `Headers`, and its `timeout` comes
 * with a signal. Options that ask for retries are refused. So is `retry: false`, which means this package's own `retry` to
 * people who write it by hand.
 */
function isOfetchs(name: string, value: unknown, init: Readonly<Record<string, unknown>>): boolean {
  if (!(init.headers instanceof Headers)) return false;
  if (name === 'retry') return value === 0;
  return name === 'timeout' && typeof value === 'number' && init.signal instanceof AbortSignal;
}
