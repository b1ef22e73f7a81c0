// Schemas of the bodies and queries that the admin listener takes.

import { nearestName } from 'evenkeel/internal';
import { z } from 'zod';
import { shownPath, shownValue } from '../config/shown-value.ts';
import { BACKEND_URL_RULE, backendUrl, poolName, portAsUrl, token } from '../config/values.ts';
import { badRequest } from './admin-error.ts';

const MAX_PROBLEMS = 5;
/** Ids and zones appear in metrics and logs: no control characters, bounded length. */
const LABEL = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{1,512}$/u;

const label = z.string().regex(LABEL).meta({ rule: '1 to 512 characters without line ends' });
/** The id of a backend that exists: any text, as the configuration may have named it. */
const knownId = z.string().min(1).max(4_096).overwrite(portAsUrl).meta({ rule: 'the id of a backend' });
const weight = z.number().min(0).max(1_000).meta({ rule: 'a number from 0 to 1000' });
const url = backendUrl.max(2_048).meta({ rule: BACKEND_URL_RULE });
const flag = z.boolean().meta({ rule: 'true or false' });
const pool = poolName.exactOptional();

/** The bodies of changes. A missing `pool` means the only pool. */
export const INPUTS = {
  add: z.strictObject({
    pool,
    url,
    id: label.exactOptional(),
    weight: weight.exactOptional(),
    zone: label.exactOptional(),
    backup: flag.exactOptional(),
  }),
  put: z.strictObject({
    pool,
    id: label,
    url,
    weight: weight.exactOptional(),
    zone: label.exactOptional(),
    backup: flag.exactOptional(),
    concurrency: z.int().min(1).max(1_000_000).meta({ rule: 'an integer from 1 to 1000000' }).exactOptional(),
    draining: flag.exactOptional(),
    ttl: z
      .string()
      .regex(/^[1-9]\d{0,7}$/)
      .meta({ rule: 'seconds from 1 to 99999999' })
      .exactOptional(),
  }),
  backend: z.strictObject({ pool, id: knownId }),
  weight: z.strictObject({ pool, id: knownId, weight }),
  plan: z.strictObject({
    pool,
    add: z.array(url).max(1_000).meta({ rule: 'URLs, up to 1000' }).exactOptional(),
    remove: z.array(knownId).max(1_000).meta({ rule: 'ids of backends, up to 1000' }).exactOptional(),
    weight: z
      .array(z.string().regex(/^.+=\d+(\.\d+)?$/s))
      .max(1_000)
      .meta({ rule: 'ID=WEIGHT, with weights from 0 to 1000' })
      .exactOptional(),
  }),
  explain: z.strictObject({
    path: z
      .string()
      .regex(/^\/[!-~]*$/)
      .meta({ rule: 'a path that begins with "/", with its query, percent-encoded' }),
    host: z
      .string()
      .regex(/^[^\s/\\?#@]{1,255}$/)
      .meta({ rule: 'a host name or an IP address' })
      .exactOptional(),
    method: token.exactOptional(),
    header: z.array(z.string()).max(100).meta({ rule: 'given 100 times at most' }).exactOptional(),
    clientAddress: z.union([z.ipv4(), z.ipv6()]).meta({ rule: 'an IP address' }).exactOptional(),
  }),
} as const;

/**
 * @throws AdminError with status 400 that lists each mistake, for example `weight must be a number from 0 to
 *   1000, got "5"`
 */
export function checked<S extends z.ZodObject>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, schema, input));
  const rest = problems.length > MAX_PROBLEMS ? ['and more'] : [];
  throw badRequest([...problems.slice(0, MAX_PROBLEMS), ...rest].join('; '));
}

/**
 * Reads the parameters of a query; repeatable ones are lists. @throws AdminError if another one is repeated
 */
export function queryInput(query: URLSearchParams, repeatable: readonly string[] = []): unknown {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of query) {
    const before = fields.get(name);
    if (repeatable.includes(name)) fields.set(name, [...(before ?? []), value]);
    else if (before === undefined) fields.set(name, value);
    else throw badRequest(`${shownPath([name])} must be given once`);
  }
  return Object.fromEntries(fields);
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodObject, input: unknown): string[] {
  const names = Object.keys(schema.shape);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_PROBLEMS + 1).map((key) => {
      const near = nearestName(key, names);
      const hint = near === undefined ? `; allowed are ${names.join(', ')}` : `; did you mean ${near}?`;
      return `${shownPath([key])} is not known${hint}`;
    });
  }
  const [name] = issue.path;
  if (name === undefined) return [`the body must be an object, got ${shownValue(input)}`];
  const rule = ruleOf(schema.shape[String(name)]);
  const value = (input as Record<PropertyKey, unknown>)[name];
  if (value === undefined) return [`${String(name)} is missing; it must be ${rule}`];
  return [`${String(name)} must be ${rule}, got ${shownValue(value)}`];
}

function ruleOf(schema: unknown): string {
  const type = schema instanceof z.ZodExactOptional ? schema.unwrap() : schema;
  return String((type as z.ZodType).meta()?.rule);
}
