// Where the scenario of `simulate` comes from: a preset, a file, a gateway's configuration, and options.
import { existsSync } from 'node:fs';
import { nearestName } from 'evenkeel/internal';
import { type ContenderName, type PresetName, presets, type Scenario } from 'evenkeel/simulator';
import { loadConfigFile } from '../../config/config-file.ts';
import { resolveInput } from '../../config/resolve-input.ts';
import { ConfigError } from '../../errors.ts';
import { UsageError } from '../exit-code.ts';
import { chosenPool, poolScenario, withPool } from './gateway-scenario.ts';

/** The options of `simulate` that make its scenario. */
export interface ScenarioOptions {
  readonly config?: string | undefined;
  readonly pool?: string | undefined;
  readonly strategies?: readonly ContenderName[] | undefined;
  readonly seed?: number | undefined;
  readonly requests?: number | undefined;
  readonly placements?: number | undefined;
}

/** A scenario, and what to say about it. */
export interface FoundScenario {
  readonly scenario: Scenario;
  /** Stands before error messages: a file name. */
  readonly place: string;
  readonly lesson: string | undefined;
  readonly notes: readonly string[];
}

/** What runs without a word. */
const FIRST_PRESET = 'hello';

/**
 * Finds a scenario, and applies the options to it.
 * @param name - a preset or a file; `undefined` for the first preset, or with a configuration for the
 * defaults
 * @throws UsageError or ConfigError
 */
export function findScenario(name: string | undefined, options: ScenarioOptions): FoundScenario {
  const { config, strategies, seed, requests, placements } = options;
  if (options.pool !== undefined && config === undefined) throw new UsageError('--pool needs -c FILE');
  const base = name === undefined && config !== undefined ? ownTraffic(config) : named(name ?? FIRST_PRESET);
  const contenders = strategies ?? base.scenario.contenders;
  const notes: string[] = [];
  let scenario: Scenario = { ...base.scenario, ...(contenders && { contenders }) };
  if (config !== undefined) {
    const { input, ...sources } = loadConfigFile(config);
    const { pools } = resolveInput(input, sources).config;
    const chosen = chosenPool(pools, options.pool);
    const pool = poolScenario(chosen.name, chosen.pool);
    scenario = withPool(scenario, pool, strategies ?? FOIL);
    notes.push(...pool.leftOut.map((line) => `pool ${chosen.name}: ${line}`));
  }
  scenario = {
    ...scenario,
    ...(seed !== undefined && { seed }),
    ...(requests !== undefined && { requests }),
    ...(placements !== undefined && { measure: { ...scenario.measure, placements } }),
  };
  // The figures of a lesson are those of its own scenario.
  const isChanged = Object.values(options).some((option) => option !== undefined);
  return { ...base, scenario, notes, lesson: isChanged ? undefined : base.lesson };
}

/** What a pool of one's own is compared with, unless `--strategies` says something else. */
const FOIL: readonly ContenderName[] = ['round-robin', 'least-connections', 'consistent-hash'];

function ownTraffic(config: string): FoundScenario {
  return { scenario: { name: config, backends: 1 }, place: config, lesson: undefined, notes: [] };
}

function named(name: string): FoundScenario {
  if (Object.hasOwn(presets, name)) {
    const { scenario, lesson } = presets[name as PresetName];
    return { scenario: { name, ...scenario }, place: name, lesson, notes: [] };
  }
  if (!/\.(ya?ml|json)$/i.test(name) && !existsSync(name)) throw unknown(name);
  const { input, unset } = loadConfigFile(name);
  if (unset.length > 0) throw new ConfigError(unset.map(({ problem }) => problem));
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new ConfigError([`${name} must hold a scenario: names and values, such as backends: 10`]);
  // For editors alone.
  const { $schema: _, ...scenario } = input as Record<string, unknown>;
  return { scenario: { name, ...scenario } as Scenario, place: name, lesson: undefined, notes: [] };
}

function unknown(name: string): UsageError {
  const near = nearestName(name, Object.keys(presets));
  const hint =
    near === undefined ? `; there is ${Object.keys(presets).join(', ')}` : `; did you mean ${near}?`;
  return new UsageError(`there is no preset and no file ${JSON.stringify(name)}${hint}`);
}
