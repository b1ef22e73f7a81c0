// Turns the issues of a failed check into messages.

import { nearestName } from 'evenkeel/internal';
import type { z } from 'zod';
import { type SchemaNode, schemaTree } from './json-schema.ts';
import { ruleOf } from './rule.ts';
import { branchesFor, hidesSecret, nodeAt, settingsOf } from './schema-path.ts';
import { shownPath, shownSecret, shownValue } from './shown-value.ts';
import { inUnitOf } from './units.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** One line for each mistake: the setting, what is allowed, and what was there. */
export function problemsOf(issues: readonly Issue[], input: unknown): string[] {
  return withoutConsequences(issues, input).flatMap((issue) => linesOf(issue, input));
}

/** A missing setting is not reported if it is there under a misspelt name. */
function withoutConsequences(issues: readonly Issue[], input: unknown): Issue[] {
  const meant = new Set<string>();
  for (const { code, path, ...issue } of issues) {
    if (code !== 'unrecognized_keys') continue;
    const names = settingsOf(nodeAt(schemaTree(), path, input), valueAt(input, path));
    for (const key of (issue as { keys: string[] }).keys) {
      meant.add(shownPath([...path, nearestName(key, names) ?? '']));
    }
  }
  return issues.filter(({ path }) => valueAt(input, path) !== undefined || !meant.has(shownPath(path)));
}

function linesOf(issue: Issue, input: unknown): string[] {
  const { path } = issue;
  const node = nodeAt(schemaTree(), path, input);
  const value = valueAt(input, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const names = settingsOf(node, value);
      // Settings that another branch of a union knows cannot stand beside the rest.
      if (issue.keys.some((key) => names.includes(key))) return [line(path, ruleOf(node), value, node)];
      return issue.keys.map((key) => unknownLine([...path, key], names, movedIn(node, value)));
    }
    case 'invalid_key':
      return [`the name of ${shownPath(path)} must be ${keyRule(input, path)}`];
    case 'invalid_union':
      return unionLines(issue, node, input);
    default:
      return [line(path, ruleOf(branchOf(node, value)), value, node, branchOf(node, value).enum)];
  }
}

/** Where settings are now that were in a place. */
function movedIn(node: SchemaNode, value: unknown): Readonly<Record<string, string>> {
  return { ...node.moved, ...branchOf(node, value).moved };
}

/** The branch of a union that an invalid value is compared with: the one of its kind. */
function branchOf(node: SchemaNode, value: unknown): SchemaNode {
  const [branch, ...others] = node.rule === undefined ? branchesFor(node, value) : [];
  const isClear = branch !== undefined && others.length === 0 && branch.const === undefined;
  return isClear ? branch : node;
}

/** The rules of one branch if it is clear which is meant, else one line for all branches. */
function unionLines(issue: Issue & { code: 'invalid_union' }, node: SchemaNode, input: unknown): string[] {
  const { path } = issue;
  const value = valueAt(input, path);
  // A union whose branches name the one that is meant.
  if ('options' in issue && Array.isArray(issue.options)) {
    const choice: SchemaNode = { enum: issue.options };
    return [line(path, ruleOf(choice), value, choice)];
  }
  const branches = branchesFor(node, value);
  const names = branches.flatMap((branch) => settingsOf(branch, value));
  const unknown = ownKeys(value).filter((key) => !names.includes(key));
  const isAnything = branches.some(({ additionalProperties }) => typeof additionalProperties === 'object');
  const misspelt = unknown.filter((key) => nearestName(key, names) !== undefined);
  if (branches.length > 1 || isAnything) {
    if (misspelt.length > 0) return misspelt.map((key) => unknownLine([...path, key], names));
    return [line(path, ruleOf(node), value, node)];
  }
  const [branch] = branches;
  const errors = branch === undefined ? undefined : issue.errors[(node.anyOf ?? []).indexOf(branch)];
  if (errors === undefined) return [line(path, ruleOf(node), value, node)];
  return problemsOf(
    errors.map((error) => ({ ...error, path: [...path, ...error.path] }) as Issue),
    input,
  );
}

function unknownLine(
  path: Path,
  names: readonly string[],
  moved: Readonly<Record<string, string>> = {},
): string {
  const name = String(path.at(-1));
  if (Object.hasOwn(moved, name))
    return `${shownPath(path)} is now ${shownPath([...path.slice(0, -1), ...(moved[name] as string).split('.')])}`;
  const hint = hintFor(name, names);
  return `${shownPath(path)} is not a setting${hint === '' ? `; allowed: ${names.filter((name) => !name.startsWith('$')).join(', ')}` : hint}`;
}

/** @param allowed - the values of which a misspelt one may be meant */
function line(path: Path, rule: string, value: unknown, node: SchemaNode, allowed = node.enum): string {
  if (value === undefined) return `${shownPath(path)} is missing; it must be ${rule}`;
  const mayBeSecret = node.secret === true || (typeof value === 'string' && hidesSecret(node));
  const got = mayBeSecret ? shownSecret(value) : shownValue(value);
  const names = allowed?.filter((name) => typeof name === 'string') ?? [];
  const hint =
    typeof value !== 'string' ? '' : isNumber(node) ? numberHint(path, value) : hintFor(value, names);
  return `${shownPath(path)} must be ${rule}, got ${got}${hint}`;
}

function hintFor(written: string, names: readonly string[]): string {
  const near = nearestName(written, names);
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}

function isNumber({ type }: SchemaNode): boolean {
  return type === 'integer' || type === 'number';
}

function numberHint(path: Path, written: string): string {
  const number = inUnitOf(String(path.at(-1)), written);
  return number === undefined ? '' : `; did you mean ${number}?`;
}

function keyRule(input: unknown, path: Path): string {
  const { propertyNames } = nodeAt(schemaTree(), path.slice(0, -1), input);
  return propertyNames === undefined ? 'a string' : ruleOf(propertyNames);
}

/** The value at a path of the input; inherited properties do not count. */
function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function ownKeys(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}
