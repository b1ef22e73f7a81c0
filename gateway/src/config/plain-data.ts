// Makes plain data of the configuration that a caller passes.
import { ConfigError } from '../errors.ts';
import { shownPath, shownValue } from './shown-value.ts';

/** More settings than the largest pool can have. */
const MAX_VALUES = 1_000_000;
const MAX_DEPTH = 32;

/**
 * A copy of plain data: new lists and objects without prototypes, getters, cycles and settings that are
 * `undefined`.
 * @throws ConfigError if something cannot be read
 */
export function plainData(input: unknown): unknown {
  return new Copy().of(input, []);
}

class Copy {
  #values = 0;
  readonly #around = new Set<object>();

  of(value: unknown, path: readonly PropertyKey[]): unknown {
    if (++this.#values > MAX_VALUES)
      throw new ConfigError([`the configuration must not have more than ${MAX_VALUES} values`]);
    if (typeof value !== 'object' || value === null) return value;
    if (this.#around.has(value)) throw new ConfigError([`${shownPath(path)} must not contain itself`]);
    if (path.length > MAX_DEPTH)
      throw new ConfigError([
        `${shownPath(path.slice(0, 4))} must not be nested more than ${MAX_DEPTH} levels deep`,
      ]);
    this.#around.add(value);
    try {
      return Array.isArray(value)
        ? value.map((entry, i) => this.of(entry, [...path, i]))
        : this.#object(value, path);
    } catch (error) {
      // A getter or a proxy of the caller threw.
      if (!(error instanceof ConfigError)) throw new ConfigError([unreadable(path, error)], { cause: error });
      throw error;
    } finally {
      this.#around.delete(value);
    }
  }

  #object(value: object, path: readonly PropertyKey[]): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (!isPlain) throw new ConfigError([`${shownPath(path)} must be plain data, got ${nameOf(value)}`]);
    const entries = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
      if (key === '__proto__') throw new ConfigError([`${shownPath([...path, key])} is not a setting`]);
      return child === undefined ? [] : [[key, this.of(child, [...path, key])]];
    });
    return Object.fromEntries(entries);
  }
}

function unreadable(path: readonly PropertyKey[], error: unknown): string {
  return `${shownPath(path)} cannot be read: ${error instanceof Error ? error.message : shownValue(error)}`;
}

function nameOf(value: object): string {
  const { name } = value.constructor;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of a class';
}
