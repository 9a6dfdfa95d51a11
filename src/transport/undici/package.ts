// The only file that imports undici, because this has to come before.
import './nodes-own.ts';
import { Agent, Dispatcher, errors, fetch, getGlobalDispatcher, getGlobalOrigin, Request } from 'undici';
import { nodesOwn } from './nodes-own.ts';

export { Dispatcher, fetch, getGlobalOrigin, Request };
export const { RequestAbortedError, RequestContentLengthMismatchError } = errors;

let own: Agent | undefined;

/** undici's, unless the user has chosen another. */
function ownAgent(): Agent {
  own ??= new Agent();
  return own;
}

/** What the user set, for this process; else undici's own Agent, though Node's is in its place. */
export function globalDispatcher(): Dispatcher {
  const dispatcher = getGlobalDispatcher();
  return (dispatcher as unknown) === nodesOwn ? ownAgent() : dispatcher;
}

/** Whether handlers of undici 7 and later are all that this is. */
function isModern(handler: Dispatcher.DispatchHandler): boolean {
  return 'onRequestStart' in handler && !('onConnect' in handler);
}

/**
 * Had undici come first, its own Agent would be what users of `getGlobalDispatcher()` get. The Agent inside Node 20 and 22
 * refuses its interceptors, so what speaks their language goes to undici's own. Node's `fetch` speaks the other one.
 */
function letModernHandlersIn(agent: Dispatcher): void {
  const dispatch = agent.dispatch.bind(agent);
  agent.dispatch = (options, handler) =>
    isModern(handler) ? ownAgent().dispatch(options, handler) : dispatch(options, handler);
  // undici's own also translates the handlers that its interceptors are given.
  agent.compose = Dispatcher.prototype.compose;
}

if (nodesOwn !== undefined && Number.parseInt(process.versions.undici ?? '7', 10) < 7) {
  letModernHandlersIn(nodesOwn as Dispatcher);
}
