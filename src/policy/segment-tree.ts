/** Numbers, each filed under the segments that a path begins with. `undefined` is any one segment that is not empty. */
export class SegmentTree {
  readonly #filed: number[] = [];
  readonly #branches = new Map<string, SegmentTree>();
  #any: SegmentTree | undefined;

  add(segments: readonly (string | undefined)[], number: number): void {
    let tree: SegmentTree = this;
    for (const segment of segments) tree = tree.#branch(segment);
    tree.#filed.push(number);
  }

  /** Adds to `found` all that is filed along a path, in no order. */
  along(path: readonly string[], found: number[], depth = 0): void {
    for (const number of this.#filed) found.push(number);
    const segment = path[depth];
    if (segment === undefined) return;
    this.#branches.get(segment)?.along(path, found, depth + 1);
    if (segment !== '') this.#any?.along(path, found, depth + 1);
  }

  #branch(segment: string | undefined): SegmentTree {
    if (segment === undefined) {
      this.#any ??= new SegmentTree();
      return this.#any;
    }
    const branch = this.#branches.get(segment) ?? new SegmentTree();
    this.#branches.set(segment, branch);
    return branch;
  }
}
