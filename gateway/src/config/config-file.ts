// Reads a configuration file in YAML or JSON.
import { dirname, extname, resolve } from 'node:path';
import type { Document, LineCounter, Scalar } from 'yaml';
import { ConfigError } from '../errors.ts';
import { yaml } from '../lazy-packages.ts';
import { limited } from './problem-limit.ts';
import { shownValue } from './shown-value.ts';
import { readTextFile } from './text-file.ts';
import { type UnsetVariable, withVariables } from './variables.ts';

/** The content of a configuration file. */
export interface LoadedConfig {
  /** The full path of the file. */
  readonly path: string;
  /** The folder that relative paths in the configuration start from. */
  readonly baseDir: string;
  /** Not checked yet: see `resolveInput`. */
  readonly input: unknown;
  /** Variables that it names and that are missing. */
  readonly unset: readonly UnsetVariable[];
}

/** Enough for tens of thousands of backends. */
const LIMIT_BYTES = 4_194_304;
/** Most aliases that a file may have: far more than pools and routes need, and too few to fill the memory. */
const MAX_ALIASES = 10_000;

/**
 * Reads a configuration file: YAML 1.2 (`.yaml`, `.yml`) or JSON (`.json`), up to 4 MiB.
 * @param env - variables that the texts of the file may name
 * @throws ConfigError where it cannot be read or its syntax is wrong, with line and column
 */
export function loadConfigFile(
  path: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): LoadedConfig {
  const parse = parserFor(path);
  const full = resolve(path);
  const unset: UnsetVariable[] = [];
  const input = withVariables(parse(textOf(path), path), env, unset);
  return { path: full, baseDir: dirname(full), input, unset };
}

function parserFor(path: string): (text: string, path: string) => unknown {
  switch (extname(path).toLowerCase()) {
    case '.yaml':
    case '.yml':
      return parseYaml;
    case '.json':
      return parseJson;
    default:
      throw new ConfigError([`${path || '""'} must be a file whose name ends in .yaml, .yml or .json`]);
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path, LIMIT_BYTES);
  } catch (error) {
    throw new ConfigError([`${path} ${(error as Error).message}`], { cause: error });
  }
}

function parseYaml(text: string, path: string): unknown {
  const { document } = documentOf(text, path, { merge: true });
  const { version } = document.directives?.yaml ?? {};
  // In YAML 1.1, `no` is false and a date is an object.
  if (version !== '1.2') throw new ConfigError([`${path} must be YAML 1.2, got ${version}`]);
  return plainValueOf(document, path);
}

/** JSON is YAML, too. The YAML parser knows lines, and finds repeated keys, which `JSON.parse` does not. */
function parseJson(text: string, path: string): unknown {
  const { lines } = documentOf(text, path, { schema: 'json' });
  try {
    return JSON.parse(text);
  } catch (error) {
    // The rest of the message may quote the text, which may hold a secret.
    const [, reason, offset] =
      /^(.*?)(?:, (?:"|\.\.\.").*| in JSON(?: at position (\d+).*)?)?$/s.exec((error as Error).message) ?? [];
    const place = placeOf(path, lines, offset === undefined ? undefined : Number(offset));
    throw new ConfigError([`${place} not JSON: ${reason}`], { cause: error });
  }
}

function documentOf(
  text: string,
  path: string,
  options: { schema?: string; merge?: boolean },
): { document: Document; lines: LineCounter } {
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...options,
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // The parser's own check takes time that is quadratic in the number of keys: see below.
    uniqueKeys: false,
    // Only types that JSON has, too.
    resolveKnownTags: false,
  });
  // Later errors follow from the first.
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) {
    throw new ConfigError([`${placeOf(path, lines, first.pos[0])} ${sayable(first.message)}`]);
  }
  const twice = repeatedKeys(document).map(
    (key) => `${placeOf(path, lines, key.range?.[0])} the key ${shownValue(key.value)} is there twice`,
  );
  if (twice.length > 0) throw new ConfigError(limited(twice));
  return { document, lines };
}

/** Repeated keys of a map, in the order of the text. Expected O(keys). */
function repeatedKeys(document: Document): Scalar[] {
  const repeated: Scalar[] = [];
  const { isScalar, visit } = yaml();
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) repeated.push(key);
        seen.add(key.value);
      }
    },
  });
  return repeated.sort((a, b) => (a.range?.[0] ?? 0) - (b.range?.[0] ?? 0));
}

function plainValueOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new ConfigError([`${path}: ${(error as Error).message}`], { cause: error });
  }
}

/** The parser's words for programmers, in words for users. Unquoted text in JSON may be secret: it is cut. */
function sayable(message: string): string {
  return message
    .replace(/^Flow sequence in block .*/s, 'A list that begins with [ must end with ], and be indented')
    .replace(/^Flow map in block .*/s, 'A map that begins with { must end with }, and be indented')
    .replace(/^Unexpected \S+ at node end$/, 'This cannot stand here: a comma or line break may be missing')
    .replace(/^Nested mappings .*/s, 'A name with a value in its line cannot have settings of its own')
    .replace(/^All mapping items must start .*/s, 'Names of one map must be indented alike')
    .replace(/^Unresolved plain scalar .*/s, 'Strings must stand in double quotes')
    .replace(/^Source contains multiple documents.*/s, 'A file must hold one document');
}

/** `gateway.yaml:3:5:`, which editors and terminals can open. */
function placeOf(path: string, lines: LineCounter, offset: number | undefined): string {
  if (offset === undefined) return `${path}:`;
  const { line, col } = lines.linePos(offset);
  return `${path}:${line}:${col}:`;
}
