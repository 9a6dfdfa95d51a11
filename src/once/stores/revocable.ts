import { TransactionEndedError } from '../errors.ts';
import { nested } from './transaction-control.ts';

type Callback = (error: Error) => void;
type Refuse = (error: Error, args: readonly unknown[]) => unknown;

/**
 * What gives the connection of a pool back. Here they do nothing, because the end of the transaction does it. Given back before, it would be
 * the next caller's, and the commit of this transaction would keep half of the other one's rows.
 */
const GIVING_BACK: ReadonlySet<unknown> = new Set(['release', 'end', Symbol.dispose, Symbol.asyncDispose]);

/**
 * A client that serves as a transaction until it is revoked. Then its connection goes back to the pool, and a later statement
 * would run in the next user's transaction. So the statement is refused. Until then a statement is refused that would end the transaction, and
 * the connection can't be given back.
 *
 * @param methods the methods that send a statement
 * @param refuse called in their place
 * @param control finds the statements that would end the transaction
 */
export function revocable<Client extends object>(
  client: Client,
  methods: readonly string[] = ['query'],
  refuse: Refuse = refuseAsync,
  control: typeof nested = nested,
): { tx: Client; revoke: () => void } {
  let revoked = false;
  const doNothing = async () => {};
  const tx = new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (GIVING_BACK.has(name)) return doNothing;
      if (!methods.some((method) => method === name)) return member.bind(target);
      return (...args: unknown[]) => {
        const error = revoked ? new TransactionEndedError() : control(name, args[0]);
        return error === undefined ? Reflect.apply(member, target, args) : refuse(error, args);
      };
    },
  });
  return {
    tx,
    revoke() {
      revoked = true;
    },
  };
}

/** Refuses as `pg` would: by the callback if there is one, by a throw for a cursor or a stream, else by a rejection. */
function refuseAsync(error: Error, args: readonly unknown[]): Promise<never> | undefined {
  const [query] = args;
  const callback = args.find((arg): arg is Callback => typeof arg === 'function');
  if (callback !== undefined) return void process.nextTick(callback, error);
  if (typeof query === 'object' && query !== null && 'submit' in query) throw error;
  return Promise.reject(error);
}
