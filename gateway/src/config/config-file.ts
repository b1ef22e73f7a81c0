import { dirname, extname, resolve } from 'node:path';
import { type Document, isScalar, LineCounter, parseDocument, type Scalar, visit } from 'yaml';
import { ConfigError } from '../errors.ts';
import { limited } from './problem-limit.ts';
import { shownValue } from './shown-value.ts';
import { readTextFile } from './text-file.ts';

/** What stands in a configuration file. */
export interface LoadedConfig {
  /** The full path of the file. */
  readonly path: string;
  /** The folder that paths in the configuration start from. */
  readonly baseDir: string;
  /** Not checked yet: see `readConfig`. */
  readonly input: unknown;
}

/** Enough for tens of thousands of backends. */
const LIMIT_BYTES = 4_194_304;
/** How often text may stand in for other text, far more than pools and routes need: beyond, it is an attempt to fill the memory. */
const MAX_ALIASES = 10_000;

/**
 * Reads a configuration file: YAML 1.2 (`.yaml`, `.yml`) or JSON (`.json`), up to 4 MiB.
 * @throws ConfigError where it cannot be read or its syntax is wrong; with line and column
 */
export function loadConfigFile(path: string): LoadedConfig {
  const parse = parserFor(path);
  const full = resolve(path);
  return { path: full, baseDir: dirname(full), input: parse(textOf(path), path) };
}

function parserFor(path: string): (text: string, path: string) => unknown {
  switch (extname(path).toLowerCase()) {
    case '.yaml':
    case '.yml':
      return parseYaml;
    case '.json':
      return parseJson;
    default:
      throw new ConfigError([`${path} must be a file whose name ends in .yaml, .yml or .json`]);
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
  // In 1.1, `no` is false and a date is an object.
  if (version !== '1.2') throw new ConfigError([`${path} must be YAML 1.2, got ${version}`]);
  return plainValueOf(document, path);
}

/** JSON is YAML, too: its parser knows lines, and finds keys that are there twice, which `JSON.parse` does not. */
function parseJson(text: string, path: string): unknown {
  const { lines } = documentOf(text, path, { schema: 'json' });
  try {
    return JSON.parse(text);
  } catch (error) {
    // The rest of the message may quote a part of the text, which may be a secret.
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
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...options,
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // That would take a time that is quadratic in the number of keys: see below.
    uniqueKeys: false,
    // Only what JSON has, too.
    resolveKnownTags: false,
  });
  // Whatever else is wrong, is wrong in consequence of the first.
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

/** Keys that stand in their map already, in the order of the text. Expected O(keys). */
function repeatedKeys(document: Document): Scalar[] {
  const repeated: Scalar[] = [];
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

/** What stands there without quotes in JSON may be a secret; and what the parser advises is for programs. */
function sayable(message: string): string {
  return message
    .replace(/^Unresolved plain scalar .*/s, 'Strings must stand in double quotes')
    .replace(/^Source contains multiple documents.*/s, 'A file must hold one document');
}

/** `gateway.yaml:3:5:`, as editors and terminals can open it. */
function placeOf(path: string, lines: LineCounter, offset: number | undefined): string {
  if (offset === undefined) return `${path}:`;
  const { line, col } = lines.linePos(offset);
  return `${path}:${line}:${col}:`;
}
