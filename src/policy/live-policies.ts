import type { Options } from '../model/options.ts';
import type { PolicyChange } from '../model/policy-change.ts';
import { changesBetween } from './changes.ts';
import { buildPolicies, type Policies } from './policies.ts';
import { forExtension } from './sharing.ts';
import { type CheckedOptions, checkOptions } from './validate.ts';

/** Has its say about the rules of a client before they hold: it throws if they are wrong for it. */
export type Accept = (policies: Policies) => void;

/**
 * The rules of a client, which may be changed while it runs. Clients that were extended from it follow: theirs are merged over
 * the new ones.
 */
export class LivePolicies {
  /** What holds now. A call keeps what it began with. */
  current: Policies;
  #own: CheckedOptions;
  readonly #parent: LivePolicies | undefined;
  readonly #accept: Accept;
  /** Weakly: a client may be extended for each request. */
  readonly #extensions = new Set<WeakRef<LivePolicies>>();

  /** @throws {PolicyError} The options contradict each other. */
  constructor(own: CheckedOptions, accept: Accept, parent?: LivePolicies) {
    this.#own = own;
    this.#accept = accept;
    this.#parent = parent;
    this.current = this.#laidOver(parent?.current, own);
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
   * Puts other options in the place of this client's own. All or nothing: if anything is wrong, here or in a client that
   * follows, everything stays as it was. What it sends with stays as it is unless the options say otherwise.
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
    const policies = this.#laidOver(below, own);
    staged.set(this, policies);
    for (const reference of this.#extensions) {
      const extension = reference.deref();
      if (extension !== undefined) extension.#stage(policies, extension.#own, staged);
    }
  }

  #laidOver(below: Policies | undefined, own: CheckedOptions): Policies {
    const policies = below === undefined ? buildPolicies(own) : below.layOver(own);
    this.#accept(policies);
    return policies;
  }
}
