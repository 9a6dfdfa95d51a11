import type { PGlite } from '@electric-sql/pglite';

/** A database that knows whether statements are under way: virtual time only moves when there are none. */
export interface Counted {
  readonly database: PGlite;
  /** When nothing is under way. */
  quiet(): Promise<void>;
  /** Statements of which this is true fail from now on, as if the connection broke. */
  failIf(fails: (sql: string) => boolean): void;
}

export function counted(client: PGlite): Counted {
  let busy = 0;
  let fails: (sql: string) => boolean = () => false;
  const database = new Proxy(client, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== 'function') return member;
      if (name !== 'query' && name !== 'exec' && name !== 'transaction') return member.bind(object);
      return async (...given: unknown[]) => {
        busy += 1;
        try {
          const [sql] = given;
          if (typeof sql === 'string' && fails(sql)) throw new Error('the connection broke');
          return await member.apply(object, given);
        } finally {
          busy -= 1;
        }
      };
    },
  });
  const quiet = async () => {
    for (let calm = 0; calm < 5; calm += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (busy > 0) calm = 0;
    }
  };
  return {
    database,
    quiet,
    failIf: (next) => {
      fails = next;
    },
  };
}
