import type { EndpointPattern } from './pattern.ts';
import { Recent } from './recent.ts';
import { SegmentTree } from './segment-tree.ts';

/** Finds the first rule for a method and a URL. Query, fragment and credentials are not looked at. */
export type MatchEndpoint<Rule> = (method: string, url: URL) => Rule | undefined;

/**
 * Indexes rules so that many of them make no call slower: only those are tested whose origin and first path
 * segments fit the URL, and the latest answers are kept.
 */
export function compileEndpoints<Rule extends EndpointPattern>(rules: readonly Rule[]): MatchEndpoint<Rule> {
  if (rules.length === 0) return () => undefined;
  const search = indexed(rules);
  const recent = new Recent<Rule | null>();
  return (method, url) => {
    const key = `${method} ${url.origin}${url.pathname}`;
    let rule = recent.get(key);
    if (rule === undefined) {
      rule = search(method.toUpperCase(), url) ?? null;
      recent.set(key, rule);
    }
    return rule ?? undefined;
  };
}

function indexed<Rule extends EndpointPattern>(rules: readonly Rule[]): MatchEndpoint<Rule> {
  const trees = new Map<string | undefined, SegmentTree>();
  for (const [position, { origin, segments }] of rules.entries()) {
    const tree = trees.get(origin) ?? new SegmentTree();
    trees.set(origin, tree);
    tree.add(segments, position);
  }

  return (method, url) => {
    const path = url.pathname.split('/');
    const positions = [trees.get(url.origin), trees.get(undefined)].flatMap(
      (tree) => tree?.along(path) ?? [],
    );
    return positions
      .sort((a, b) => a - b)
      .map((position) => rules[position])
      .find((rule) => (rule?.method ?? method) === method && rule?.test(url));
  };
}
