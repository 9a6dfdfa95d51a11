import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)(
  `${process.env.USERS_UNDICI ?? 'undici'}/package.json`,
) as { version: string };

/**
 * The major version of the copy of undici that tests import, as a user would. CI runs them with this package's copy and the
 * newest.
 */
export const usersMajor = Number.parseInt(version, 10);

/** undici 8 itself refuses handlers of the older language, and a File of another library. */
export const isBefore8 = usersMajor < 8;
