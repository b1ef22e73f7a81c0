// The JSON Schema of configurations.
import { z } from 'zod';
import { gatewaySchema } from './schema.ts';

/** A part of a JSON Schema (draft 2020-12), as far as this configuration needs it. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly items?: boolean | SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly default?: unknown;
  readonly description?: string;
  /** The rule in words, or the alternatives of it, if the rest does not say it. Not published. */
  readonly rule?: string | readonly string[];
  /** Where settings are now that were here. Not published. */
  readonly moved?: Readonly<Record<string, string>>;
  /** Whether values must not be shown. Not published. */
  readonly secret?: boolean;
}

let tree: SchemaNode | undefined;

/** The schema with what only messages need. */
export function schemaTree(): SchemaNode {
  tree ??= z.toJSONSchema(gatewaySchema, {
    io: 'input',
    override: ({ jsonSchema }) => tidy(jsonSchema),
  }) as SchemaNode;
  return tree;
}

/** The JSON Schema of a configuration (draft 2020-12), for editors and other tools. */
export function gatewayJsonSchema(): object {
  const { $schema, ...rest } = published(schemaTree()) as { $schema: string };
  return { $schema, title: 'Configuration of an evenkeel gateway', ...rest };
}

/** Bounds that only say how large a number can be are noise. */
function tidy(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

const UNPUBLISHED = new Set(['rule', 'secret', 'moved']);

/** Some editors show nothing but the description. */
function published(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(published);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    if (key === 'default') return [[key, child]];
    if (key === 'properties') return [[key, mapValues(child as object, published)]];
    return UNPUBLISHED.has(key) ? [] : [[key, published(child)]];
  });
  const node: Record<string, unknown> = Object.fromEntries(entries);
  const { default: value0, description } = node;
  const isPlain = typeof value0 !== 'object' && value0 !== undefined;
  if (isPlain && typeof description === 'string')
    node.description = `${description} Default: ${JSON.stringify(value0)}.`;
  return node;
}

function mapValues(values: object, change: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
