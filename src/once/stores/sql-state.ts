import { causes } from '../../model/cause.ts';

/** The part of a Prisma error that has the database's own error. */
interface OfPrisma {
  readonly meta?: { readonly code?: unknown; readonly driverAdapterError?: unknown };
}

/** Whether PostgreSQL answered with this SQLSTATE, even if a library has wrapped the error. */
export function isSqlState(error: unknown, state: string): boolean {
  return [...causes(error)].some((cause) => {
    const { code, originalCode, meta } = cause as { code?: unknown; originalCode?: unknown } & OfPrisma;
    return (
      [code, originalCode, meta?.code].includes(state) ||
      (meta?.driverAdapterError !== undefined && isSqlState(meta.driverAdapterError, state))
    );
  });
}
