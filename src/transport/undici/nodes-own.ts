import type { DispatcherLike } from '../../model/options.ts';

// Evaluated before undici is: see `package.ts`.
//
// Node's `fetch` and the npm package keep their global dispatcher in one place, and whichever is loaded first puts its own
// there. Node's is loaded when it is first used. So an import of undici makes Node's `fetch` send with another copy's
// Agent; on Node 20 and 22 that one refuses a Content-Length, for one thing. An import of this package changes nothing
// about Node's own `fetch`, so Node's own comes first.

const globals = globalThis as unknown as Readonly<Record<symbol, DispatcherLike | undefined>>;
const PLACE = Symbol.for('undici.globalDispatcher.1');

function loadNodesOwn(): DispatcherLike | undefined {
  if (globals[PLACE] !== undefined) return undefined;
  // Reading one of these loads it, unless it was replaced.
  for (const name of ['Headers', 'Request', 'FormData', 'Response', 'MessageEvent']) {
    Reflect.get(globalThis, name);
    if (globals[PLACE] !== undefined) break;
  }
  return globals[PLACE];
}

/** The dispatcher that Node's `fetch` came with; undefined if another was set before this package was loaded. */
export const nodesOwn: DispatcherLike | undefined = loadNodesOwn();
