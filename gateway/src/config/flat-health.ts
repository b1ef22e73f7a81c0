// The settings of health checks once stood side by side; files that were written then still work.
import { HEALTH_MOVED } from 'evenkeel/internal';

type Bag = Record<string, unknown>;

/**
 * The same configuration with every flat setting of health checks in its group, such as `path` in `request`.
 * One whose group has it already stays where it is, and is refused as any unknown setting.
 */
export function withGroupedHealth(data: unknown): unknown {
  if (!isBag(data) || !isBag(data.pools)) return data;
  const pools = Object.entries(data.pools).map(([name, pool]) => [
    name,
    isBag(pool) && isBag(pool.health) ? { ...pool, health: grouped(pool.health) } : pool,
  ]);
  return { ...data, pools: Object.fromEntries(pools) };
}

function grouped(health: Bag): Bag {
  const result: Bag = {};
  for (const [name, value] of Object.entries(health)) {
    const [group, setting] = placeOf(name);
    const inside = group === undefined ? undefined : (result[group] ?? health[group] ?? {});
    if (group === undefined || setting === undefined || !isBag(inside) || Object.hasOwn(inside, setting))
      result[name] ??= value;
    else result[group] = { ...inside, [setting]: value };
  }
  return result;
}

function placeOf(name: string): readonly (string | undefined)[] {
  return Object.hasOwn(HEALTH_MOVED, name) ? HEALTH_MOVED[name as keyof typeof HEALTH_MOVED].split('.') : [];
}

function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
