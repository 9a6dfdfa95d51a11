import type { CallUrl } from '../request/call-url.ts';
import type { EndpointPattern } from './pattern.ts';
import { Recent } from './recent.ts';
import { SegmentTree } from './segment-tree.ts';

/** Finds the first rule for a method and a URL. Query, fragment and credentials are not looked at. */
export type MatchEndpoint<Rule> = (method: string, url: CallUrl) => Rule | undefined;

/**
 * Indexes rules so that many of them make no call slower. An index finds those whose origin and first path segments fit
 * the URL; where that is all that there is to a pattern, it decides. Others are tested, and the latest answers are kept.
 */
export function compileEndpoints<Rule extends EndpointPattern>(rules: readonly Rule[]): MatchEndpoint<Rule> {
  if (rules.length === 0) return () => undefined;
  const filed = file(rules);
  const recent = new Recent<{ readonly matches: boolean }>();

  function test(rule: Rule, position: number, url: CallUrl): boolean {
    const key = `${position} ${url.origin}${url.pathname}`;
    let tested = recent.get(key);
    if (tested === undefined) {
      tested = { matches: rule.test(url) };
      recent.set(key, tested);
    }
    return tested.matches;
  }

  return (method, url) => {
    for (const position of filed(url)) {
      const rule = rules[position];
      if (rule === undefined || !isFor(rule, method)) continue;
      if (rule.rest !== 'more' || test(rule, position, url)) return rule;
    }
    return undefined;
  };
}

function isFor({ method }: EndpointPattern, sent: string): boolean {
  return method === undefined || method === sent || method === sent.toUpperCase();
}

/** The numbers of the rules that fit a URL as far as the index can tell, in their order. */
function file(rules: readonly EndpointPattern[]): (url: CallUrl) => number[] {
  const trees = new Map<string | undefined, SegmentTree>();
  for (const [position, { origin, segments, rest }] of rules.entries()) {
    const tree = trees.get(origin) ?? new SegmentTree();
    trees.set(origin, tree);
    tree.add(segments, rest, position);
  }
  return ({ origin, pathname }) => {
    const found: number[] = [];
    trees.get(origin)?.along(pathname, found);
    trees.get(undefined)?.along(pathname, found);
    return found.length > 1 ? found.sort((a, b) => a - b) : found;
  };
}
