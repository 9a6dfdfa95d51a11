import { type Check, isToken, list, only } from '../options/checks.ts';

/** A browser has no list of all methods, which would make the bundle too large: any token passes. */
export function notAMethod(word: string): string | undefined {
  return isToken(word) ? undefined : `${JSON.stringify(word)} is no HTTP method`;
}

export const checkMethods: Check<readonly string[]> = list(
  'an array of HTTP methods',
  only('an HTTP method', isToken),
);
