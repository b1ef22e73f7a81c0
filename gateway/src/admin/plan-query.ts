import { portAsUrl } from '../config/values.ts';
import type { Control, PlanQuery } from '../contracts.ts';
import { checked, INPUTS, queryInput } from './admin-input.ts';
import { poolOf } from './commands.ts';

/**
 * Reads the query of `plan`: `add=http://10.0.0.9:80&remove=http://10.0.0.1:80&weight=http://10.0.0.2:80=3`.
 * A missing pool is the only pool. @throws AdminError that lists each mistake
 */
export async function planQuery(query: URLSearchParams, control: Control): Promise<PlanQuery> {
  const { pool, weight = [], ...rest } = checked(INPUTS.plan, queryInput(query, ['add', 'remove', 'weight']));
  const weights = weight.map((text) => {
    const equals = text.lastIndexOf('=');
    return [portAsUrl(text.slice(0, equals)), Number(text.slice(equals + 1))] as const;
  });
  return { pool: await poolOf(pool, control), ...rest, setWeight: Object.fromEntries(weights) };
}
