// Says in words what the schema allows.
import type { SchemaNode } from './json-schema.ts';

/** The rule of a part of the schema, in words that follow "must be". */
export function ruleOf(node: SchemaNode): string {
  return inWords(alternativesOf(node));
}

/** `a, b or c`. */
export function inWords(parts: readonly string[], word = 'or'): string {
  const all = [...new Set(parts)];
  return all.length < 2 ? all.join() : `${all.slice(0, -1).join(', ')} ${word} ${all.at(-1)}`;
}

function alternativesOf(node: SchemaNode): string[] {
  const { rule, anyOf, oneOf, type } = node;
  if (rule !== undefined) return [rule].flat();
  if (node.const !== undefined) return [JSON.stringify(node.const)];
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value));
  const branches = anyOf ?? oneOf;
  if (branches !== undefined) return branches.flatMap(alternativesOf);
  switch (type) {
    case 'boolean':
      return ['true', 'false'];
    case 'integer':
    case 'number':
      return [`${type === 'integer' ? 'an integer' : 'a number'}${rangeOf(node)}`];
    case 'string':
      return [node.minLength === 1 ? 'a string with at least one character' : 'a string'];
    case 'array':
      return [node.minItems === 1 ? 'a list with at least one entry' : 'a list'];
    default:
      return [node.required === undefined ? 'an object' : `an object with ${inWords(node.required, 'and')}`];
  }
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: SchemaNode): string {
  if (exclusiveMinimum !== undefined) {
    return maximum === undefined
      ? ` above ${exclusiveMinimum}`
      : ` above ${exclusiveMinimum} and up to ${maximum}`;
  }
  if (minimum === undefined) return maximum === undefined ? '' : ` up to ${maximum}`;
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}
