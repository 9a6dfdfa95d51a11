import { MissingDriverError } from '../errors.ts';

/** Loads a driver when it is first needed. @throws {MissingDriverError} The message says what to install. */
export async function loadDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    // If a module inside the driver is missing, that error keeps its own message.
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    throw missing && error.message.includes(`'${name}'`) ? new MissingDriverError(name, error) : error;
  }
}
