// The command `plan`.
import type { Plan } from 'evenkeel';
import { loadConfigFile } from '../config/config-file.ts';
import { resolveInput } from '../config/resolve-input.ts';
import { ConfigError } from '../errors.ts';
import { homesOf, movedSince, percent, planText } from '../upstream/moved-keys.ts';
import { UpstreamPool } from '../upstream/pool.ts';
import { exitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { table } from './table.ts';

/** The options of `plan`. */
export interface PlanOptions {
  readonly config: string;
  readonly to: string;
  readonly json?: boolean;
}

/** What a new configuration does to the keys of one pool. */
type PoolPlan =
  | { readonly pool: string; readonly plan: Plan }
  | { readonly pool: string; readonly note: string };

/**
 * Prints which share of the keys of each pool would move from one backend to another with another
 * configuration. Nothing is started.
 * @returns the exit code
 * @throws ConfigError with one line for each mistake
 */
export async function plan({ config, to, json = false }: PlanOptions, io: Io): Promise<number> {
  const plans = poolPlans(config, to);
  io.stdout.write(json ? `${JSON.stringify(plans, null, 2)}\n` : plans.map(planBlock).join('\n'));
  return exitCode.fine;
}

function poolPlans(from: string, to: string): PoolPlan[] {
  const before = poolsOf(from);
  const after = poolsOf(to);
  return [...new Set([...before.keys(), ...after.keys()])].map((pool) => {
    const old = before.get(pool);
    const next = after.get(pool);
    if (old === undefined) return { pool, note: 'is new: no key had a home in it' };
    if (next === undefined) return { pool, note: 'goes, and all its keys with it' };
    const found = movedSince(homesOf(old), next);
    return typeof found === 'string' ? { pool, note: `cannot be told: ${found}` } : { pool, plan: found };
  });
}

function poolsOf(file: string): ReadonlyMap<string, UpstreamPool> {
  const { input, ...options } = loadConfigFile(file);
  try {
    const { config } = resolveInput(input, options);
    // Pools open nothing before they are started.
    return new Map(Object.entries(config.pools).map(([name, own]) => [name, new UpstreamPool(name, own)]));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // There are two files.
    throw new ConfigError(
      error.problems.map((problem) => `${file}: ${problem}`),
      { cause: error },
    );
  }
}

function planBlock(found: PoolPlan): string {
  if ('note' in found) return `pool ${found.pool} ${found.note}\n`;
  const { pool, plan } = found;
  const rows = plan.shares
    .filter(({ before, after }) => before > 0 || after > 0)
    .map(({ id, before, after }) => {
      const lost = sumOf(plan, ({ from }) => from === id);
      const gained = sumOf(plan, ({ to }) => to === id);
      return [id, percent(before), percent(after), percent(lost), percent(gained)];
    });
  const title = `pool ${pool}: ${planText(plan)}`;
  const note = plan.exact
    ? ''
    : '\n  The two hash keys differently, so that keys have nothing in common: expected shares.\n';
  return `${title}\n\n${table([['backend', 'before', 'after', 'loses', 'gains'], ...rows])}${note}`;
}

function sumOf({ moves }: Plan, isMeant: (move: Plan['moves'][number]) => boolean): number {
  return moves.filter(isMeant).reduce((sum, { share }) => sum + share, 0);
}
