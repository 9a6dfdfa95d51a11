/** Lays members over those of an object, its prototype's included. @returns takes them off again */
export function overlay(object: object, members: PropertyDescriptorMap): () => void {
  // What stands on the object itself comes back: other middleware patches the same methods.
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

/** A method, for `overlay`. */
export function method(value: (...args: never[]) => unknown): PropertyDescriptor {
  return { writable: true, value };
}
