/**
 * What may follow the segments that a path begins with: nothing; one segment that is not empty, and no more; a slash and
 * anything; or what the tree can't tell.
 */
export type Rest = 'nothing' | 'segment' | 'anything' | 'more';

/** What can be filed. */
interface Leading {
  /** `undefined` is any one segment that is not empty. */
  readonly segments: readonly (string | undefined)[];
  readonly rest: Rest;
}

/** Items, each filed under the segments that a path begins with. */
export class SegmentTree<Item extends Leading> {
  #filed: readonly Item[] = [];
  #branches: Map<string, SegmentTree<Item>> | undefined;
  #any: SegmentTree<Item> | undefined;

  add(item: Item): void {
    let tree: SegmentTree<Item> = this;
    for (const segment of item.segments) tree = tree.#branch(segment);
    tree.#filed = [...tree.#filed, item];
  }

  /** Adds to `found` all that fits a path, or may fit it, in no order. `from` is where its next segment begins. */
  along(path: string, found: Item[], from = 0): void {
    const slash = path.indexOf('/', from);
    const to = slash === -1 ? path.length : slash;
    for (const item of this.#filed) {
      if (fits(item.rest, from, to, path.length)) found.push(item);
    }
    if (from > path.length) return;
    this.#branches?.get(path.slice(from, to))?.along(path, found, to + 1);
    if (to > from) this.#any?.along(path, found, to + 1);
  }

  #branch(segment: string | undefined): SegmentTree<Item> {
    if (segment === undefined) {
      this.#any ??= new SegmentTree();
      return this.#any;
    }
    this.#branches ??= new Map();
    const branch = this.#branches.get(segment) ?? new SegmentTree();
    this.#branches.set(segment, branch);
    return branch;
  }
}

/** Whether that may follow, in a path of that length, if its next segment goes from `from` to `to`. */
function fits(rest: Rest, from: number, to: number, length: number): boolean {
  if (rest === 'segment') return to > from && to === length;
  if (rest === 'nothing') return from > length;
  return rest === 'more' || from <= length;
}
