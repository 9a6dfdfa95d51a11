import { TransactionEndedError } from '../errors.ts';

type Callback = (error: Error) => void;

/**
 * A client that serves as a transaction until it is revoked. Then its connection goes back to the pool, and a later statement
 * would run in the next user's transaction. So the statement is refused.
 *
 * @param methods the methods that send a statement
 * @param refuse called in their place after the end of the transaction
 */
export function revocable<Client extends object>(
  client: Client,
  methods: readonly string[] = ['query'],
  refuse: (...args: readonly unknown[]) => unknown = refuseAsync,
): { tx: Client; revoke: () => void } {
  let revoked = false;
  const tx = new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return revoked && methods.some((method) => method === name) ? refuse : member.bind(target);
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
function refuseAsync(...args: readonly unknown[]): Promise<never> | undefined {
  const error = new TransactionEndedError();
  const [query] = args;
  const callback = args.find((arg): arg is Callback => typeof arg === 'function');
  if (callback !== undefined) return void process.nextTick(callback, error);
  if (typeof query === 'object' && query !== null && 'submit' in query) throw error;
  return Promise.reject(error);
}
