import { PolicyError } from '../model/errors.ts';
import { closest } from '../options/suggest.ts';
import { Recent } from '../platform/recent.ts';
import { BROUGHT } from './brought.ts';
import { policyChecks } from './validate.ts';

/**
 * Our own members, for which a misspelling is looked for. A call that loses its key gets another key when the caller tries again.
 */
const OURS = ['idempotencyKey', 'policy'];

const HARMLESS = Object.freeze({});
/** Names that were checked and are not refused. */
const harmless = new Recent<object>();

/**
 * Refuses members of an `init` that look as if they had an effect but have none. Other unknown members are passed on, because the
 * user's own `fetch` may know them.
 *
 * @throws {PolicyError} The member is refused.
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
