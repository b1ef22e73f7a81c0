// What one gateway knows of a pool, as far as the pool's fingerprint depends on it, and how two such views
// differ.
import type { BackendStats } from 'evenkeel';
import type { ResolvedPool } from '../config/resolved-config.ts';

/** A pool as one gateway sees it. The seed is missing: whoever knows it can aim at a backend. */
export interface PoolView {
  /** The settings that decide where keys are, as JSON. */
  readonly settings: Readonly<Record<string, string>>;
  /** Weight, zone and `backup`, by the id of the backend. */
  readonly backends: Readonly<Record<string, string>>;
}

const NONE = { factor: undefined, z: undefined, rememberedKeys: undefined, strict: undefined };
/** Names in one sentence; the others are counted. */
const MAX_NAMED = 5;

export function viewOf(
  { strategy, affinity, bounds }: ResolvedPool,
  backends: readonly BackendStats[],
): PoolView {
  const { factor, z, rememberedKeys, strict } = bounds === false ? NONE : bounds;
  const settings = {
    strategy,
    affinity,
    'bounds.factor': factor,
    'bounds.z': z,
    'bounds.rememberedKeys': rememberedKeys,
    'bounds.strict': strict,
  };
  return {
    settings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value ?? null)]),
    ),
    backends: Object.fromEntries(backends.map((backend) => [backend.id, wordsOf(backend)])),
  };
}

/** @returns `undefined` if the text is none of a view */
export function parseView(text: string): PoolView | undefined {
  try {
    const { settings, backends } = JSON.parse(text) as PoolView;
    return isTexts(settings) && isTexts(backends) ? { settings, backends } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * In which way another gateway's view of a pool differs from the own one, such as `lacks b; weight 2 of c,
 * here 1`.
 */
export function differenceOf(own: PoolView, other: PoolView): string {
  const parts = [
    ...named('lacks', without(own.backends, other.backends)),
    ...named('has also', without(other.backends, own.backends)),
    ...listed(
      both(own.backends, other.backends).map(
        (id) => `${id} has ${other.backends[id]}, here ${own.backends[id]}`,
      ),
    ),
    ...both(own.settings, other.settings).map(
      (name) => `${name} is ${other.settings[name]}, here ${own.settings[name]}`,
    ),
  ];
  return parts.length > 0 ? parts.join('; ') : 'same backends; another seed, or another version';
}

function wordsOf({ weight, zone, backup }: BackendStats): string {
  return [
    `weight ${weight}`,
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    ...(backup ? ['backup'] : []),
  ].join(', ');
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}

function without(some: object, others: object): string[] {
  return Object.keys(some).filter((name) => !Object.hasOwn(others, name));
}

/** The names that have different values in both. */
function both(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string[] {
  return Object.keys(one).filter((name) => Object.hasOwn(other, name) && one[name] !== other[name]);
}

function named(verb: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${verb} ${andMore(names)}`];
}

function listed(parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : [andMore(parts, '; ')];
}

function andMore(names: readonly string[], between = ', '): string {
  const more = names.length - MAX_NAMED;
  return more > 0 ? `${names.slice(0, MAX_NAMED).join(between)} and ${more} more` : names.join(between);
}
