import { PolicyError } from '../model/errors.ts';
import { closest } from '../options/suggest.ts';
import { Recent } from '../platform/recent.ts';
import { BROUGHT } from './brought.ts';
import { policyChecks } from './validate.ts';

/** Ours, which are worth a guess: a call whose key is lost has another one at the next try of the caller. */
const OURS = ['idempotencyKey', 'policy'];

const HARMLESS = Object.freeze({});
/** Names that were found to be nobody's business here. */
const harmless = new Recent<object>();

/**
 * Refuses members of an `init` that look as if they did something and don't. Any other that `fetch` does not know is
 * none of ours: it is passed on, for there may be a `fetch` that knows it.
 */
export function refuseStray(name: string): void {
  if (harmless.get(name) === HARMLESS) return;
  if (Object.hasOwn(policyChecks, name)) {
    throw new PolicyError(name, `belongs in policy: write { policy: { ${name}: … } }`);
  }
  const instead = BROUGHT.get(name);
  if (instead !== undefined) throw new PolicyError(name, `is no option of a call: ${instead}`);
  const meant = closest(name.replace(/[-_]/g, ''), OURS);
  if (meant !== undefined) throw new PolicyError(name, `is no option of a call; did you mean ${meant}?`);
  harmless.set(name, HARMLESS);
}
