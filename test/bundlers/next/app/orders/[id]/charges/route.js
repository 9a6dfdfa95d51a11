import { memoryStore } from 'steadfetch/once';
import { idempotent } from 'steadfetch/server';

let runs = 0;

export const POST = idempotent(
  async (request, _lease, { params }) => {
    const { cents } = await request.json();
    return Response.json({ order: (await params).id, cents, run: ++runs }, { status: 201 });
  },
  { store: memoryStore(), scope: () => ({ operation: 'charge', tenant: 'acme' }) },
);
