import { PGlite } from '@electric-sql/pglite';
import { pgliteStore } from 'steadfetch/once/pglite';
import { idempotent } from 'steadfetch/server';

/** The books of one payment service, in a database. */
export interface Books {
  /** `POST /charges`: books a charge and answers 201. */
  readonly handler: (request: Request) => Promise<Response>;
  /** How many times each order was booked. */
  bookings(): Promise<ReadonlyMap<number, number>>;
}

/** Opens an embedded PostgreSQL, in memory, that holds the books of all services. */
export async function openDatabase(): Promise<{ openBooks(service: string): Promise<Books> }> {
  const db = await PGlite.create();
  return { openBooks: (service) => openBooks(db, service) };
}

async function openBooks(db: PGlite, service: string): Promise<Books> {
  const name = service.replaceAll(' ', '_');
  const charges = `charges_${name}`;
  const store = pgliteStore(db, { table: `once_${name}` });
  await store.setup();
  await db.exec(
    `create table ${charges} (number serial primary key, "order" int not null, amount int not null)`,
  );

  // The receiving half: a charge and its key are committed together, or not at all. Some callers send no key. Such a request is
  // booked each time that it arrives.
  const handler = idempotent(
    async (request, tx) => {
      const { order, amount } = (await request.json()) as { order: number; amount: number };
      const { rows } = await (tx ?? db).query<{ number: number }>(
        `insert into ${charges} ("order", amount) values ($1, $2) returning number`,
        [order, amount],
      );
      return Response.json({ ok: true, booking: rows[0]?.number }, { status: 201 });
    },
    {
      store: store.transactional,
      scope: () => ({ operation: 'charge', tenant: 'demo' }),
      required: false,
    },
  );

  return {
    handler,
    async bookings() {
      const { rows } = await db.query<{ order: number; booked: number }>(
        `select "order", count(*)::int as booked from ${charges} group by "order"`,
      );
      return new Map(rows.map(({ order, booked }) => [order, booked]));
    },
  };
}
