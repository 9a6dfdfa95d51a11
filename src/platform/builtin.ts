/** A module of Node's, for a bundle that must not import any. Bun, Deno and workerd have some; browsers have none. */
export function builtin<Module>(name: `node:${string}`): Module | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  try {
    return process?.getBuiltinModule?.(name) as Module | undefined;
  } catch {
    // In the edge runtime of Next.js the function exists, and throws.
    return undefined;
  }
}
