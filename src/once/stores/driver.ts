import { MissingDriverError } from '../errors.ts';

/** Loads a driver when it is needed, never before. @throws MissingDriverError that says what to install. */
export async function loadDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    // A module missing *inside* the driver is another fault, and keeps its own message.
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    throw missing && error.message.includes(`'${name}'`) ? new MissingDriverError(name, error) : error;
  }
}
