// Checks a configuration against its schema.
import { ConfigError } from '../errors.ts';
import { addressProblems } from './checks/address-checks.ts';
import { adminProblems } from './checks/admin-checks.ts';
import { poolProblems } from './checks/pool-checks.ts';
import { routeProblems } from './checks/route-checks.ts';
import { sessionProblems } from './checks/session-checks.ts';
import { withGroupedHealth } from './flat-health.ts';
import { plainData } from './plain-data.ts';
import { limited } from './problem-limit.ts';
import { problemsOf } from './problems.ts';
import { type GatewayConfig, gatewaySchema } from './schema.ts';
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
  const problems = parsed.success ? crossProblems(parsed.data) : problemsOf(parsed.error.issues, data);
  if (!parsed.success || problems.length > 0) throw new ConfigError(limited(problems));
  return parsed.data;
}

/** Mistakes that concern more than one setting. */
function crossProblems(config: GatewayConfig): string[] {
  return [
    ...addressProblems(config),
    ...adminProblems(config.admin),
    ...Object.entries(config.pools).flatMap(([name, pool]) => [
      ...poolProblems(pool, shownPath(['pools', name])),
      ...(pool.sessions === undefined
        ? []
        : sessionProblems(pool.sessions, shownPath(['pools', name, 'sessions']))),
    ]),
    ...routeProblems(config),
  ];
}
