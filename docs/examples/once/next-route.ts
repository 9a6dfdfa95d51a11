/** Next.js, `app/orders/[id]/charges/route.ts`: the arguments of Next.js follow after the transaction. */
import type { Store } from 'steadfetch/once';
import { idempotent } from 'steadfetch/server';

/** The second argument of a Next.js route handler. */
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
      // A stand-in for your own authentication.
      scope: (request) => ({ operation: 'charge', tenant: request.headers.get('x-account') ?? '' }),
    },
  );
}

// In the route's own file: export const POST = route(store, charge);
