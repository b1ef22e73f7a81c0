// Checks a configuration against its schema.
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { addressProblems } from './checks/address-checks.ts';
import { adminProblems } from './checks/admin-checks.ts';
import { poolProblems } from './checks/pool-checks.ts';
import { routeProblems } from './checks/route-checks.ts';
import { sessionProblems } from './checks/session-checks.ts';
import { withGroupedHealth } from './flat-health.ts';
import { admin as adminSchema, listener as listenerSchema } from './listener-schema.ts';
import { plainData } from './plain-data.ts';
import { pool as poolSchema } from './pool-schema.ts';
import { limited } from './problem-limit.ts';
import { problemsOf } from './problems.ts';
import { route as routeSchema } from './route-schema.ts';
import { type GatewayConfig, gatewaySchema, paths as pathsSchema } from './schema.ts';
import { shownPath } from './shown-value.ts';

/**
 * Checks a configuration and fills in every default. It does not read secrets and PEM files: see
 * `resolveConfig`.
 * @param input - from a file or from code
 * @throws ConfigError with one line for each mistake: the setting, what is allowed, and what was there
 */
export function readConfig(input: unknown): GatewayConfig {
  const data = withGroupedHealth(plainData(input));
  const parsed = gatewaySchema.safeParse(data);
  // What is right by itself is checked as a whole, too: all mistakes are told in one round.
  const problems = parsed.success
    ? crossProblems(parsed.data, Object.keys(parsed.data.pools))
    : [...problemsOf(parsed.error.issues, data), ...crossProblems(rightParts(data), poolNamesIn(data))];
  if (!parsed.success || problems.length > 0) throw new ConfigError(limited(problems));
  return parsed.data;
}

/** The parts of a configuration that are checked together. */
type CheckedParts = Pick<GatewayConfig, 'listeners' | 'pools' | 'routes' | 'paths' | 'admin'>;

/** The parts that are right by themselves. An entry of a list that is wrong is a hole in it. */
function rightParts(data: unknown): CheckedParts {
  const { listeners, pools, routes, paths, admin } = asObject(data);
  return {
    listeners: rightEntries(listenerSchema, listeners) ?? [],
    pools: Object.fromEntries(
      Object.entries(asObject(pools)).flatMap(([name, pool]) => {
        const { data: right } = poolSchema.safeParse(pool);
        return right === undefined ? [] : [[name, right]];
      }),
    ),
    routes: routes === undefined ? undefined : (rightEntries(routeSchema, routes) ?? []),
    paths: pathsSchema.safeParse(paths ?? {}).data ?? pathsSchema.parse({}),
    admin: adminSchema.safeParse(admin).data,
  };
}

function rightEntries<T>(schema: z.ZodType<T>, list: unknown): T[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const right: T[] = new Array(list.length);
  for (const [i, entry] of list.entries()) {
    const { success, data } = schema.safeParse(entry);
    if (success) right[i] = data;
  }
  return right;
}

/** Of pools that are wrong, too: their routes are not. `undefined` if there is no object of pools. */
function poolNamesIn(data: unknown): readonly string[] | undefined {
  const { pools } = asObject(data);
  return pools === asObject(pools) ? Object.keys(asObject(pools)) : undefined;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** Mistakes that concern more than one setting. */
function crossProblems(config: CheckedParts, poolNames: readonly string[] | undefined): string[] {
  return [
    ...addressProblems(config),
    ...adminProblems(config.admin),
    ...Object.entries(config.pools).flatMap(([name, pool]) => [
      ...poolProblems(pool, shownPath(['pools', name])),
      ...(pool.sessions === undefined
        ? []
        : sessionProblems(pool.sessions, shownPath(['pools', name, 'sessions']))),
    ]),
    ...(poolNames === undefined ? [] : routeProblems(config, poolNames)),
  ];
}
