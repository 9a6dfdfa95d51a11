import type { CallUrl } from '../http/call-url.ts';
import { Recent } from '../platform/recent.ts';
import { canonicalPath, type EndpointPattern } from './pattern.ts';
import { SegmentTree } from './segment-tree.ts';

/** Finds the first rule for a method and a URL. Query, fragment and credentials are not looked at. */
export type MatchEndpoint<Rule> = (method: string, url: CallUrl) => Rule | undefined;

/**
 * Indexes rules so that many of them make no call slower. An index finds those whose origin and first path segments fit
 * the URL; where that is all that there is to a pattern, it decides. Others are tested, and the latest answers are kept.
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

/** A rule, and its place among the others. */
export type Filed<Rule> = Rule & { readonly position: number };

function isFor({ methods }: EndpointPattern, sent: string): boolean {
  return methods === undefined || methods.has(sent) || methods.has(sent.toUpperCase());
}

/** The rules that fit a URL as far as the index can tell, in their order. */
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
