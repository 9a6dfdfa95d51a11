/** Hono: the effect is a call to another service. A lease protects it, and the call passes the lease's token on. */
import { Hono } from 'hono';
import type { Store } from 'steadfetch/once';
import { idempotency } from 'steadfetch/server/hono';

/** Sends the money. It gets the fencing token, so that it can refuse an owner that was overtaken. */
export type Payout = (cents: number, token: number | undefined) => Promise<{ id: string }>;

export function payouts(store: Store, payout: Payout): Hono<{ Variables: { account: string } }> {
  const once = idempotency({
    store,
    lease: 60_000, // well above the slowest payout
    scope: (c) => ({ operation: 'payout', tenant: c.get('account') }),
  });

  const app = new Hono<{ Variables: { account: string } }>();
  app.use(async (c, next) => {
    c.set('account', c.req.header('x-account') ?? ''); // a stand-in for your own authentication
    await next();
  });
  app.post('/payouts', once, async (c) => {
    const { cents } = await c.req.json<{ cents: number }>();
    return c.json(await payout(cents, once.context(c)?.token), 201);
  });
  return app;
}
