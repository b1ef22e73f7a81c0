// Environment variables in the values of a configuration file: `${NAME}`, `${NAME:-default}`, and `$${` for
// `${`.
import { type SchemaNode, schemaTree } from './json-schema.ts';
import { nodeAt } from './schema-path.ts';
import { shownPath } from './shown-value.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** A variable that is missing, or is written wrongly. */
export interface UnsetVariable {
  /** The setting. */
  readonly path: readonly PropertyKey[];
  /** One line for people. */
  readonly problem: string;
}

/** `$${`, a variable, or what looks like one. */
const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_]\w*)(:-[^}]*)?\})?/g;

/**
 * Puts environment variables into the texts of a configuration, in place: what stands in several places is
 * visited once. A text is then a number or a boolean if the setting takes one and no text. Names of settings
 * stay as they are.
 * @param unset - takes each variable that is missing
 */
export function withVariables(input: unknown, env: Variables, unset: UnsetVariable[]): unknown {
  const visited = new Set<unknown>();
  const visit = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string' && value.includes('${')) {
      const text = substituted(value, path, env, unset);
      return typed(text, nodeAt(schemaTree(), path, input));
    }
    if (typeof value !== 'object' || value === null || visited.has(value)) return value;
    visited.add(value);
    const place = value as Record<PropertyKey, unknown>;
    for (const key of Object.keys(place)) {
      const step = Array.isArray(value) ? Number(key) : key;
      const before = place[key];
      const next = visit(before, [...path, step]);
      if (next !== before) place[key] = next;
    }
    return value;
  };
  return visit(input, []);
}

/** An empty variable is as good as a missing one, as in a shell. */
function substituted(
  text: string,
  path: readonly PropertyKey[],
  env: Variables,
  unset: UnsetVariable[],
): string {
  const miss = (rule: string) => unset.push({ path, problem: `${shownPath(path)} ${rule}` });
  return text.replace(REFERENCE, (reference, name: string | undefined, preset: string | undefined) => {
    if (reference === '$${') return '${';
    if (name === undefined) {
      miss(`must have \${NAME} or \${NAME:-default} at each "\${"; write "$\${" for the text`);
      return reference;
    }
    const value = env[name] || preset?.slice(2);
    if (value !== undefined) return value;
    const what = env[name] === '' ? 'is empty' : 'is not set';
    miss(`needs the environment variable ${name}, which ${what}; \${${name}:-default} has a default`);
    return reference;
  });
}

function typed(text: string, node: SchemaNode): unknown {
  if (takesText(node, text)) return text;
  if ((text === 'true' || text === 'false') && takes(node, ['boolean'])) return text === 'true';
  const isNumber = /^-?\d+(?:\.\d+)?$/.test(text) && takes(node, ['number', 'integer']);
  return isNumber ? Number(text) : text;
}

function takesText({ type, const: only, enum: words, anyOf, oneOf }: SchemaNode, text: string): boolean {
  if (only !== undefined) return only === text;
  if (words !== undefined) return words.includes(text);
  return type === 'string' || (anyOf ?? oneOf ?? []).some((branch) => takesText(branch, text));
}

function takes({ type = '', anyOf, oneOf }: SchemaNode, types: readonly string[]): boolean {
  return types.includes(type) || (anyOf ?? oneOf ?? []).some((branch) => takes(branch, types));
}
