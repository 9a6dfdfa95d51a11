import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)(
  `${process.env.USERS_UNDICI ?? 'undici'}/package.json`,
) as { version: string };

/** The major of the copy of undici that tests import, as a user would; CI runs them with this package's and with the newest. */
export const usersMajor = Number.parseInt(version, 10);

/** undici 8 refuses handlers of the older language, and a File of another library, by itself. */
export const isBefore8 = usersMajor < 8;
