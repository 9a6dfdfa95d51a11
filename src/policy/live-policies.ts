import type { Options } from '../model/options.ts';
import type { PolicyChange } from '../model/policy-change.ts';
import { changesBetween } from './changes.ts';
import { buildPolicies, type Policies } from './policies.ts';
import { forExtension } from './sharing.ts';
import { type CheckedOptions, checkOptions } from './validate.ts';

/** Checks new rules before they apply. Throws if they are wrong for this kind of client. */
export type Accept = (policies: Policies) => void;

/**
 * The rules of a client, which `update` can change while the client runs. Clients that were extended from it follow: their rules
 * are merged over the new ones.
 */
export class LivePolicies {
  /** The present rules. A call keeps the rules that it began with. */
  current: Policies;
  #own: CheckedOptions;
  readonly #parent: LivePolicies | undefined;
  readonly #accept: Accept;
  /** Weak references, because a user may extend a client for each request. */
  readonly #extensions = new Set<WeakRef<LivePolicies>>();

  /** @throws {PolicyError} The options contradict each other. */
  constructor(own: CheckedOptions, accept: Accept, parent?: LivePolicies) {
    this.#own = own;
    this.#accept = accept;
    this.#parent = parent;
    this.current = this.#merge(parent?.current, own);
  }

  /** @throws {PolicyError} An option is wrong. */
  extend(options: Options): LivePolicies {
    const extension = new LivePolicies(forExtension(checkOptions(options)), this.#accept, this);
    for (const other of this.#extensions) {
      if (other.deref() === undefined) this.#extensions.delete(other);
    }
    this.#extensions.add(new WeakRef(extension));
    return extension;
  }

  /**
   * Replaces the options of this client. If any option is wrong, for this client or one that follows it, nothing changes. `fetch`
   * and `dispatcher` stay unless the new options have them.
   *
   * @throws {PolicyError} An option is wrong.
   */
  update(options: Options): {
    readonly changes: readonly PolicyChange[];
    readonly policies: readonly Policies[];
  } {
    const checked = checkOptions(options);
    const { fetch, dispatcher } = this.#own;
    const own: CheckedOptions = {
      ...(fetch && { fetch }),
      ...(dispatcher && { dispatcher }),
      ...(this.#parent === undefined ? checked : forExtension(checked)),
    };
    const staged = new Map<LivePolicies, Policies>();
    this.#stage(this.#parent?.current, own, staged);
    const changes = changesBetween(this.#own, own);
    this.#own = own;
    for (const [live, policies] of staged) live.current = policies;
    return { changes, policies: [...staged.values()] };
  }

  #stage(below: Policies | undefined, own: CheckedOptions, staged: Map<LivePolicies, Policies>): void {
    const policies = this.#merge(below, own);
    staged.set(this, policies);
    for (const reference of this.#extensions) {
      const extension = reference.deref();
      if (extension !== undefined) extension.#stage(policies, extension.#own, staged);
    }
  }

  #merge(below: Policies | undefined, own: CheckedOptions): Policies {
    const policies = below === undefined ? buildPolicies(own) : below.merge(own);
    this.#accept(policies);
    return policies;
  }
}
