/** Next.js, `app/orders/[id]/charges/route.ts`: what Next.js hands over follows after the transaction. */
import type { Store } from 'steadfetch/once';
import { idempotent } from 'steadfetch/server';

/** As Next.js calls a route handler. */
interface RouteContext {
  readonly params: Promise<{ readonly id: string }>;
}

export function route(store: Store, charge: (order: string, cents: number) => Promise<{ id: string }>) {
  return idempotent(
    async (request, _lease, { params }: RouteContext) => {
      const { cents } = (await request.json()) as { cents: number };
      return Response.json(await charge((await params).id, cents), { status: 201 });
    },
    {
      store,
      // Stands for your own authentication.
      scope: (request) => ({ operation: 'charge', tenant: request.headers.get('x-account') ?? '' }),
    },
  );
}

// In the route's own file: export const POST = route(store, charge);
