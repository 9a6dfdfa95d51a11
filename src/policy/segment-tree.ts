/** Numbers, each filed under the segments that a path begins with. `undefined` is any one segment. */
export class SegmentTree {
  readonly #filed: number[] = [];
  readonly #branches = new Map<string | undefined, SegmentTree>();

  add(segments: readonly (string | undefined)[], number: number): void {
    let tree: SegmentTree = this;
    for (const segment of segments) {
      const branch = tree.#branches.get(segment) ?? new SegmentTree();
      tree.#branches.set(segment, branch);
      tree = branch;
    }
    tree.#filed.push(number);
  }

  /** All that is filed along a path, in no order. */
  along(path: readonly string[], depth = 0): readonly number[] {
    const segment = path[depth];
    if (segment === undefined) return this.#filed;
    const branches = [this.#branches.get(segment), this.#branches.get(undefined)];
    return this.#filed.concat(...branches.map((branch) => branch?.along(path, depth + 1) ?? []));
  }
}
