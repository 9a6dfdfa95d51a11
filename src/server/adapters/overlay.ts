/** Replaces members of an object, also those of its prototype. @returns a function that restores them */
export function overlay(object: object, members: PropertyDescriptorMap): () => void {
  // Own members are saved and restored, because other middleware patches the same methods.
  const covered = Object.keys(members).map(
    (name) => [name, Object.getOwnPropertyDescriptor(object, name)] as const,
  );
  const configurable = Object.entries(members).map(([name, descriptor]) => [
    name,
    { configurable: true, ...descriptor },
  ]);
  Object.defineProperties(object, Object.fromEntries(configurable));
  return () => {
    for (const [name, own] of covered) {
      Reflect.deleteProperty(object, name);
      if (own !== undefined) Object.defineProperty(object, name, own);
    }
  };
}

/** The property descriptor of a method, for `overlay`. */
export function method(value: (...args: never[]) => unknown): PropertyDescriptor {
  return { writable: true, value };
}
