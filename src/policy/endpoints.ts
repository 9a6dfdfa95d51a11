import type { CallUrl } from '../http/call-url.ts';
import { Recent } from '../platform/recent.ts';
import { canonicalPath, type EndpointPattern } from './pattern.ts';
import { SegmentTree } from './segment-tree.ts';

/** Finds the first rule for a method and a URL. Query, fragment and credentials are ignored. */
export type MatchEndpoint<Rule> = (method: string, url: CallUrl) => Rule | undefined;

/**
 * Indexes the rules, so that a call stays fast with many of them. The index finds the rules whose origin and first path segments
 * fit the URL. If a pattern has nothing else, the index decides. Other patterns are tested, and the latest results are kept.
 */
export function compileEndpoints<Rule extends EndpointPattern>(rules: readonly Rule[]): MatchEndpoint<Rule> {
  if (rules.length === 0) return () => undefined;
  const filed = fileRules(rules);
  const recent = new Recent<{ readonly matches: boolean }>();

  function test(rule: Filed<Rule>, url: CallUrl): boolean {
    const key = `${rule.position} ${url.origin}${url.pathname}`;
    let tested = recent.get(key);
    if (tested === undefined) {
      tested = { matches: rule.test(url) };
      recent.set(key, tested);
    }
    return tested.matches;
  }

  return (method, url) => {
    for (const rule of filed(url)) {
      if (isFor(rule, method) && (rule.rest !== 'more' || test(rule, url))) return rule;
    }
    return undefined;
  };
}

/** A rule with its position among all rules. */
export type Filed<Rule> = Rule & { readonly position: number };

function isFor({ methods }: EndpointPattern, sent: string): boolean {
  return methods === undefined || methods.has(sent) || methods.has(sent.toUpperCase());
}

/** The rules that may fit a URL according to the index, in their order. */
export function fileRules<Rule extends EndpointPattern>(
  rules: readonly Rule[],
): (url: CallUrl) => Filed<Rule>[] {
  const trees = new Map<string | undefined, SegmentTree<Filed<Rule>>>();
  for (const [position, rule] of rules.entries()) {
    const tree = trees.get(rule.origin) ?? new SegmentTree();
    trees.set(rule.origin, tree);
    tree.add({ position, ...rule });
  }
  return ({ origin, pathname }) => {
    const found: Filed<Rule>[] = [];
    const path = canonicalPath(pathname);
    trees.get(origin)?.along(path, found);
    trees.get(undefined)?.along(path, found);
    return found.length > 1 ? found.sort((a, b) => a.position - b.position) : found;
  };
}
