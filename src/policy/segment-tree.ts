/** What may follow the segments that a path begins with: nothing; a slash and anything; what the tree can't tell. */
export type Rest = 'nothing' | 'anything' | 'more';

/** Numbers, each filed under the segments that a path begins with. `undefined` is any one segment that is not empty. */
export class SegmentTree {
  readonly #filed: { readonly number: number; readonly rest: Rest }[] = [];
  #branches: Map<string, SegmentTree> | undefined;
  #any: SegmentTree | undefined;

  add(segments: readonly (string | undefined)[], rest: Rest, number: number): void {
    let tree: SegmentTree = this;
    for (const segment of segments) tree = tree.#branch(segment);
    tree.#filed.push({ number, rest });
  }

  /** Adds to `found` all that fits a path, or may fit it, in no order. `from` is where its next segment begins. */
  along(path: string, found: number[], from = 0): void {
    const isEnd = from > path.length;
    for (const { number, rest } of this.#filed) {
      if (rest === 'more' || isEnd === (rest === 'nothing')) found.push(number);
    }
    if (isEnd) return;
    // Not split beforehand: that costs more than all the rest (`npm run bench:tricks`).
    const slash = path.indexOf('/', from);
    const to = slash === -1 ? path.length : slash;
    this.#branches?.get(path.slice(from, to))?.along(path, found, to + 1);
    if (to > from) this.#any?.along(path, found, to + 1);
  }

  #branch(segment: string | undefined): SegmentTree {
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
