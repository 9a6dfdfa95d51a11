import { v4, v5 } from 'uuid';
import { PolicyError } from '../model/errors.ts';
import { readBody } from './body.ts';
import type { StoredCall } from './call.ts';
import { checkUrl, storedHeaders } from './headers.ts';
import { type CallInit, type CheckedOutbox, checkCall } from './options.ts';
import type { FindKey } from './rules.ts';

/** The scope of the ids that are made of keys. Never change it: calls under way would be added a second time. */
const NAMESPACE = 'b3b0c7a8-6d0e-4e6c-9a5e-2f6f4c0d9a51';

/** A call that is ready to be stored. */
export interface PreparedCall {
  readonly id: string;
  readonly call: StoredCall;
}

/**
 * Everything that can be wrong with a call is found here, before the commit.
 *
 * The id is made of the key: so the same piece of work, added twice, is one call.
 *
 * @throws PolicyError, TypeError that names what is wrong and what is allowed
 */
export async function prepareCall(
  input: string | URL,
  init: CallInit,
  { policies = {}, bodyLimit }: Pick<CheckedOutbox, 'policies' | 'bodyLimit'>,
  allowed: ReadonlySet<string>,
  findKey: FindKey,
): Promise<PreparedCall> {
  const { method: given = 'GET', headers, body, idempotencyKey, policy, group, lifetime } = checkCall(init);
  const url = urlOf(input);
  checkUrl(url);
  // Makes of the method what `fetch` will: `post` is POST, `patch` stays `patch`.
  const { method } = new Request('http://localhost', { method: given });
  if (policy !== undefined && !Object.hasOwn(policies, policy)) {
    const names = Object.keys(policies).map((name) => JSON.stringify(name));
    throw new PolicyError(
      'policy',
      `must be one of ${names.join(', ') || 'the policies (there are none)'}, got ${JSON.stringify(policy)}`,
    );
  }
  const terms = findKey(method, url, idempotencyKey, policy === undefined ? undefined : policies[policy]);
  if (lifetime !== undefined && lifetime > terms.lifetime) {
    throw new PolicyError(
      'lifetime',
      `must be at most ${terms.lifetime}, for so long the receiver remembers the key, got ${lifetime}`,
    );
  }
  const stored = storedHeaders(headers, allowed);
  const read = await readBody(body, bodyLimit);
  if (read !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw new PolicyError('body', `must be left out for ${method}`);
  }
  if (read?.type && !stored.has('content-type')) stored.set('content-type', read.type);
  const { key } = terms;
  const least = Math.min(lifetime ?? Number.POSITIVE_INFINITY, terms.lifetime);
  return {
    id: key === undefined ? v4() : v5(JSON.stringify([method, url.origin + url.pathname, key]), NAMESPACE),
    call: {
      method,
      url: url.href,
      headers: [...stored],
      lifetime: Number.isFinite(least) ? least : null,
      ...(read !== undefined && { body: read.stored }),
      ...(key !== undefined && { key }),
      ...(policy !== undefined && { policy }),
      ...(group !== undefined && { group }),
    },
  };
}

function urlOf(input: string | URL): URL {
  if (!URL.canParse(String(input))) {
    throw new PolicyError(
      'url',
      `must be an absolute URL, got ${JSON.stringify(withoutSecrets(String(input)))}`,
    );
  }
  const url = new URL(input);
  // `fetch` does not send it, and it may hold a token.
  url.hash = '';
  return url;
}

/** The beginning of a text that is no URL, without what may be credentials or a query. */
function withoutSecrets(text: string): string {
  return text
    .replace(/[?#].*$/s, '')
    .replace(/\/\/.*@/s, '//***@')
    .slice(0, 60);
}

/** Whether two calls under one key are the same piece of work. */
export function isSame(one: StoredCall, other: StoredCall): boolean {
  const work = ({ method, url, headers, body }: StoredCall) =>
    JSON.stringify([
      method,
      url,
      [...headers].sort(),
      body && ('text' in body ? ['text', body.text] : ['base64', body.base64]),
    ]);
  return work(one) === work(other);
}
