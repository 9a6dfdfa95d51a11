import { causes } from '../../model/cause.ts';

/** An error of Prisma keeps the database's own one in there. */
interface OfPrisma {
  readonly meta?: { readonly code?: unknown; readonly driverAdapterError?: unknown };
}

/** Whether PostgreSQL answered with this SQLSTATE, in whatever the library that sent the statement has wrapped its error. */
export function isSqlState(error: unknown, state: string): boolean {
  return [...causes(error)].some((cause) => {
    const { code, originalCode, meta } = cause as { code?: unknown; originalCode?: unknown } & OfPrisma;
    return (
      [code, originalCode, meta?.code].includes(state) ||
      (meta?.driverAdapterError !== undefined && isSqlState(meta.driverAdapterError, state))
    );
  });
}
