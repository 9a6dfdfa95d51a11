/**
 * What may follow the known first segments of a path: nothing; exactly one segment that is not empty; a slash and anything; or
 * `'more'`, where the tree can't tell.
 */
export type Rest = 'nothing' | 'segment' | 'anything' | 'more';

/** The first segments of an item's path, and what may follow. */
interface Leading {
  /** `undefined` stands for any one segment that is not empty. */
  readonly segments: readonly (string | undefined)[];
  readonly rest: Rest;
}

/** Items, indexed by the first segments of a path. */
export class SegmentTree<Item extends Leading> {
  #filed: readonly Item[] = [];
  #branches: Map<string, SegmentTree<Item>> | undefined;
  #any: SegmentTree<Item> | undefined;

  add(item: Item): void {
    let tree: SegmentTree<Item> = this;
    for (const segment of item.segments) tree = tree.#branch(segment);
    tree.#filed = [...tree.#filed, item];
  }

  /** Adds to `found` all items that fit the path, or may fit, in no order. `from` is the position of the path's next segment. */
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

/** Whether `rest` allows the end of a path of this length, whose next segment goes from `from` to `to`. */
function fits(rest: Rest, from: number, to: number, length: number): boolean {
  if (rest === 'segment') return to > from && to === length;
  if (rest === 'nothing') return from > length;
  return rest === 'more' || from <= length;
}
