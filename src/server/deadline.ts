import { type InboundHeaders, onBehalfOf, timeLeft } from '../call/layer.ts';
import { GRPC_TIMEOUT } from '../http/time-left.ts';
import { checkMembers } from '../once/checks.ts';
import { type Checks, isToken, milliseconds, only } from '../options/checks.ts';
import { problem } from './problem.ts';

/** How inbound requests are kept to their time. */
export interface DeadlineOptions {
  /**
   * The header that says how much time a request has left. Its value is in whole milliseconds, in `grpc-timeout` as gRPC writes it.
   * @default 'grpc-timeout'
   */
  readonly header?: string;
  /**
   * Milliseconds that a request needs at least. One that has less left is refused (504), and its handler never runs.
   * @default 10
   */
  readonly least?: number;
}

const checks: Checks<DeadlineOptions> = {
  header: only('the name of a header', isToken),
  least: milliseconds(0),
};

/** Runs handlers with the time that their requests have left. */
export interface DeadlineKeeper {
  /** Runs the handler on behalf of the request; or gives the refusal, if there is too little time for it. */
  run<Result>(headers: InboundHeaders, handler: () => Result): Result | Response;
}

/** @throws {PolicyError} An option is wrong. */
export function deadlineKeeper(options: DeadlineOptions): DeadlineKeeper {
  const { header = GRPC_TIMEOUT, least = 10 } = checkMembers(options, { name: 'options' }, checks, []);
  return {
    run: (headers, handler) =>
      onBehalfOf(headers, () => ((timeLeft() ?? least) < least ? refusal(least) : handler()), {
        deadline: header,
      }),
  };
}

function refusal(least: number): Response {
  const detail = `The caller has stopped waiting, or will before this can be done: it takes ${least} ms at least.`;
  return problem('deadline_exceeded', detail);
}

/**
 * Keeps a web-standard handler to the time that each request has left: one that can't be done in time is refused (504, problem details), and
 * calls that the handler makes through a client with the option `deadline` end in time and pass on what is left.
 *
 * For Node's servers, and frameworks that give a listener, `deadlineListener` of `steadfetch/server/node` is the same.
 *
 * @throws {PolicyError} An option is wrong.
 * @example export default { fetch: keepDeadline((request) => app.fetch(request), { least: 20 }) };
 */
export function keepDeadline<Rest extends readonly unknown[]>(
  handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  options: DeadlineOptions = {},
): (request: Request, ...rest: Rest) => Response | Promise<Response> {
  const keeper = deadlineKeeper(options);
  return (request, ...rest) => keeper.run(request.headers, () => handler(request, ...rest));
}
