// Finds the part of the schema that a part of a configuration belongs to.
import type { SchemaNode } from './json-schema.ts';

const ANYTHING: SchemaNode = {};

/** The schema of a path of the input; several if branches of a union fit equally well. */
export function nodeAt(tree: SchemaNode, path: readonly PropertyKey[], input: unknown): SchemaNode {
  let node = tree;
  let value = input;
  for (const key of path) {
    const branches = node.anyOf === undefined && node.oneOf === undefined ? [node] : branchesFor(node, value);
    node = branches.map((branch) => childOf(branch, key)).find((child) => child !== undefined) ?? ANYTHING;
    value =
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return node;
}

/** The branches of a union that a value most likely means; several if that is not clear. */
export function branchesFor(node: SchemaNode, value: unknown): SchemaNode[] {
  const kind = kindOf(value);
  const candidates = (node.anyOf ?? node.oneOf ?? []).filter(
    ({ type }) => (type === 'integer' ? 'number' : type) === kind,
  );
  const scores = candidates.map((branch) => scoreOf(branch, value));
  return candidates.filter((_, i) => scores[i] === Math.max(...scores));
}

/** The names of the settings that are allowed at a path. */
export function settingsOf(node: SchemaNode, value: unknown): string[] {
  const branches = node.anyOf === undefined && node.oneOf === undefined ? [node] : branchesFor(node, value);
  return branches.flatMap(({ properties = {} }) => Object.keys(properties));
}

/** Whether a value, or a part of it, may be a secret. */
export function hidesSecret(node: SchemaNode): boolean {
  const { secret, properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = node;
  if (secret === true) return true;
  const children = [...Object.values(properties), additionalProperties, items, ...anyOf, ...oneOf];
  return children.some((child) => typeof child === 'object' && hidesSecret(child));
}

function childOf(
  { properties, additionalProperties, items }: SchemaNode,
  key: PropertyKey,
): SchemaNode | undefined {
  if (typeof key === 'number') return typeof items === 'object' ? items : undefined;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[String(key)];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** The number of settings of a branch that a value has; 0 for a value of another kind. */
function scoreOf({ properties = {} }: SchemaNode, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let score = 0;
  for (const [key, child] of Object.entries(properties)) {
    if (!Object.hasOwn(value, key)) continue;
    const own = (value as Record<string, unknown>)[key];
    if (child.const !== undefined && child.const !== own) return -1;
    score++;
  }
  return score;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}
