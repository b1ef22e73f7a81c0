// Names of functions that derive keys, for the fingerprint.

type KeyFunction = (request: never) => string | undefined;

const names = new WeakMap<KeyFunction, string>();

/** Names a function after what it reads; its own name may be lost in a bundle. @returns the function */
export function named<F extends KeyFunction>(key: F, name: string): F {
  names.set(key, name);
  return key;
}

/** The name; empty for a function of the host. */
export function keyNameOf(key: KeyFunction): string {
  return names.get(key) ?? '';
}
