import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * Imports go from a later line to an earlier one, or stay within a line. Places are files or folders by their
 * path from the root; the longest one that fits a file counts.
 */
const CORE = [
  [
    'src/shown',
    'src/steps',
    'src/env',
    'src/errors',
    'src/contracts',
    'src/elementary-functions',
    'src/deadline',
    'src/deadlines',
    'src/limit',
    'src/options',
  ],
  ['src/hashing'],
  ['src/strategies'],
  ['src/balancer', 'src/http'],
  ['src/health', 'src/traffic', 'src/discovery'],
  ['src/loadbalancer-options', 'src/loadbalancer', 'src/fetch-http-service', 'src/log', 'src/logger'],
  ['src/index', 'src/internal'],
];
const OUTER = [
  ['src/moved', 'src/peer'],
  [
    'src/adapters',
    'src/diagnostics',
    'src/discovery/sources',
    'src/fleet',
    'src/load-report',
    'src/rate-limit',
    'src/sessions',
    'src/simulator',
  ],
  ['gateway/src'],
  ['gateway/src/cli'],
  ['examples'],
];
const LAYERS = [...CORE, ...OUTER];

/** Packages by the folder of their sources. They reach each other by their names alone. */
const PACKAGES = { 'src/': 'evenkeel', 'gateway/src/': 'evenkeel-gateway', 'examples/': 'examples' };
/** What `tsconfig.json` says of names: the doors of both packages, by the files behind them. */
const DOORS = new Map(
  Object.entries(pathsOf('tsconfig.json')).map(([name, [path = '']]) => [name, path.replace('./', '')]),
);

const PUBLIC_API = 'src/index.ts';
/** For `evenkeel-gateway` alone. */
const INTERNAL_DOOR = 'evenkeel/internal';
/** The one file that touches the platform's time and chance. */
const PLATFORM = 'src/env.ts';
/** The width that the formatter gives code. */
const MAX_COLUMNS = 110;

const IMPURE_GLOBALS = new Set([
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'Buffer',
  'require',
]);
const IMPURE_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'AbortSignal.timeout',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);

/** Source files by their path from the root of the project. */
type Files = ReadonlyMap<string, string>;
/** A rule finds violations: each one sentence that names the file. */
type Rule = (files: Files) => string[];

const parsed = new Map<string, ts.SourceFile>();

function parse(path: string, text: string): ts.SourceFile {
  const known = parsed.get(path);
  if (known?.text === text) return known;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  parsed.set(path, source);
  return source;
}

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

const placeOf = (node: ts.Node) => {
  const source = node.getSourceFile();
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
};

function pathsOf(file: string): Record<string, string[]> {
  const path = join(import.meta.dirname, '..', file);
  return ts.parseConfigFileTextToJson(path, readFileSync(path, 'utf8')).config.compilerOptions.paths;
}

/** The number of the layer with the longest place that a file fits; -1 for none. */
function rankOf(path: string): number {
  const places = LAYERS.flat().filter((place) => path === `${place}.ts` || path.startsWith(`${place}/`));
  const longest = places.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? -1 : LAYERS.findIndex((layer) => layer.includes(longest));
}

const isOuter = (path: string) => rankOf(path) >= CORE.length;
const packageOf = (path: string) =>
  Object.entries(PACKAGES).find(([folder]) => path.startsWith(folder))?.[1] ?? '';

interface Import {
  readonly from: string;
  /** As it is written. */
  readonly name: string;
  /** The path from the root; `undefined` for a module of others. */
  readonly to: string | undefined;
}

/** What a node imports: types and dynamic imports count like all others. */
function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0];
  return undefined;
}

function importsOf(files: Files): Import[] {
  return [...files].flatMap(([from, text]) =>
    [...nodesOf(parse(from, text))].flatMap((node): Import[] => {
      const specifier = specifierOf(node);
      if (specifier === undefined) return [];
      const name = ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText();
      const to = name.startsWith('.') ? posix.join(posix.dirname(from), name) : DOORS.get(name);
      return [{ from, name, to }];
    }),
  );
}

const directions: Rule = (files) => [
  ...[...files.keys()].filter((path) => rankOf(path) < 0).map((path) => `${path} belongs to no layer`),
  ...importsOf(files).flatMap(({ from, name, to }) => {
    if (to === undefined && /^evenkeel(-gateway)?(\/|$)/.test(name))
      return [`${from} imports ${name}, which is no door of a package`];
    if (to === undefined)
      return isOuter(from) ? [] : [`${from} imports ${name}: the core depends on nothing`];
    if (!files.has(to)) return [`${from} imports ${to}, which is not there`];
    if (rankOf(to) > rankOf(from)) return [`${from} imports ${to}, which lies further out`];
    return [];
  }),
];

const doors: Rule = (files) =>
  importsOf(files).flatMap(({ from, name, to }) => {
    if (to === undefined) return [];
    const isNamed = !name.startsWith('.');
    const isOwn = packageOf(from) === packageOf(to);
    if (isOwn && isNamed) return [`${from} imports ${name}: files of one package reach each other by path`];
    if (!isOwn && !isNamed) return [`${from} imports ${to}: other packages are reached by their names`];
    if (name === INTERNAL_DOOR && packageOf(from) !== 'evenkeel-gateway')
      return [`${from} imports ${name}, which is for evenkeel-gateway alone`];
    return [];
  });

/** Cycles of a graph, one for each edge that closes one. */
function cyclesOf(edges: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node);
    if (start >= 0) found.push([...trail.slice(start), node].join(' -> '));
    if (start >= 0 || done.has(node)) return;
    for (const to of next.get(node) ?? []) visit(to, [...trail, node]);
    done.add(node);
  };
  for (const [from] of edges) visit(from, []);
  return found;
}

/** Every folder that a path lies in, the root included. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return ['', ...parts.map((_, depth) => `${parts.slice(0, depth + 1).join('/')}/`)];
}

/** The entry of a folder that a path lies in, or is. */
const entryOf = (folder: string, path: string) =>
  folder + (path.slice(folder.length).split('/')[0] as string);

/** The files that may import a module of others: everything else reaches it through them. */
const KEEPERS: Readonly<Record<string, RegExp>> = {
  undici: /^(?:src\/adapters\/undici\/|examples\/)/,
};

const keepers: Rule = (files) =>
  importsOf(files).flatMap(({ from, name }) =>
    KEEPERS[name]?.test(from) === false ? [`${from} imports ${name}, which it must not know`] : [],
  );

/**
 * Neither files, nor the entries of any folder (its files and subfolders as wholes), import each other in a
 * circle.
 */
const cycles: Rule = (files) => {
  const edges = importsOf(files).flatMap(({ from, to }) => (to === undefined ? [] : [[from, to] as const]));
  const folders = new Set([...files.keys()].flatMap(foldersOf));
  const ofFolders = [...folders].flatMap((folder) => {
    const within = edges.filter(([from, to]) => from.startsWith(folder) && to.startsWith(folder));
    const entries = within.map(([from, to]) => [entryOf(folder, from), entryOf(folder, to)] as const);
    return cyclesOf(entries.filter(([from, to]) => from !== to));
  });
  return [...new Set([...cyclesOf(edges), ...ofFolders])];
};

/** `Date.now` for `Date.now`, `globalThis.Date.now`, `Date['now']` and `const { now } = Date`. */
function membersOf(node: ts.Node): string[] {
  const plain = (object: ts.Expression) => object.getText().replace(/^globalThis\??\./, '');
  if (ts.isPropertyAccessExpression(node)) return [`${plain(node.expression)}.${node.name.text}`];
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return [`${plain(node.expression)}.${node.argumentExpression.text}`];
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer) {
    const object = plain(node.initializer);
    return node.name.elements.map(
      (element) => `${object}.${(element.propertyName ?? element.name).getText()}`,
    );
  }
  return [];
}

/** The global that an identifier stands for; `undefined` where it only names a property. */
function globalOf(node: ts.Node): string | undefined {
  if (!ts.isIdentifier(node)) return undefined;
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent) || !('name' in parent) || parent.name !== node)
    return node.text;
  const ofGlobalThis = ts.isPropertyAccessExpression(parent) && parent.expression.getText() === 'globalThis';
  return ofGlobalThis ? node.text : undefined;
}

const purity: Rule = (files) =>
  [...files]
    .filter(([path]) => path !== PLATFORM && !isOuter(path))
    .flatMap(([path, text]) =>
      [...nodesOf(parse(path, text))].flatMap((node) => {
        const impure = membersOf(node).filter((member) => IMPURE_MEMBERS.has(member));
        const global = globalOf(node);
        if (global !== undefined && IMPURE_GLOBALS.has(global)) impure.push(global);
        const makes = ts.isNewExpression(node) || ts.isCallExpression(node) ? node : undefined;
        if (makes?.expression.getText() === 'Date' && (makes.arguments?.length ?? 0) === 0)
          impure.push('Date()');
        return impure.map((what) => `${placeOf(node)} uses ${what}, which only ${PLATFORM} may`);
      }),
    );

const names: Rule = (files) =>
  [...files.keys()].flatMap((path) =>
    path.split('/').flatMap((part) => {
      const stem = part.replace(/\.[a-z]+$/, '');
      if (/(^|-)(utils?|helpers?|commons?|managers?)(-|$)/.test(stem))
        return [`${path} is named ${stem}, which says nothing`];
      return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem) ? [] : [`${path} is not in kebab-case: ${part}`];
    }),
  );

/** The tokens of a file: whatever stands between two of them is space and comments. */
function* tokensOf(node: ts.Node, source: ts.SourceFile): Generator<ts.Node> {
  const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child));
  if (children.length === 0) yield node;
  for (const child of children) yield* tokensOf(child, source);
}

/** Numbers of lines with a part of a comment, from 0. */
function commentLines(source: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  for (const token of tokensOf(source, source)) {
    const from = token.getFullStart();
    const first = source.getLineAndCharacterOfPosition(from).line;
    const parts = source.text.slice(from, token.getStart(source, false)).split('\n');
    for (const [index, part] of parts.entries()) if (part.trim() !== '') lines.add(first + index);
  }
  return lines;
}

/** What cannot be wrapped: an address that has its line for itself, and what is said to the linter. */
const UNBREAKABLE = /^\W*https?:\/\/\S+$|biome-ignore/;
/** Files that the parser reads. */
const SCRIPT = /\.[cm]?[jt]s$/;
/** In other files: a line that is a comment and nothing else, by the marks of their languages. */
const OTHER_COMMENTS: readonly (readonly [file: RegExp, line: RegExp])[] = [
  [/\.(py|sh|ya?ml)$|^\.ci\/|(^|\/)\.gitignore$/, /^\s*#/],
  [/\.(java|go)$/, /^\s*(\/\/|\/\*|\*)/],
  [/\.lua$/, /^\s*--/],
  [/\.(html|svg)$/, /^\s*<!--/],
];

/** Numbers of lines with a part of a comment, from 0, in a file of any language. */
function commentsIn(path: string, lines: readonly string[]): Iterable<number> {
  if (SCRIPT.test(path)) return commentLines(parse(path, lines.join('\n')));
  const mark = OTHER_COMMENTS.find(([file]) => file.test(path))?.[1];
  return mark === undefined ? [] : lines.flatMap((line, number) => (mark.test(line) ? [number] : []));
}

const widths: Rule = (files) =>
  [...files].flatMap(([path, text]) => {
    const lines = text.split('\n');
    if (!lines.some((line) => line.length > MAX_COLUMNS)) return [];
    return [...commentsIn(path, lines)].flatMap((number) => {
      const line = lines[number] as string;
      if (line.length <= MAX_COLUMNS || UNBREAKABLE.test(line)) return [];
      return [`${path}:${number + 1} has a comment that is ${line.length} columns wide`];
    });
  });

/** Spans of code, and targets of links, which are not wrapped. */
const SPANS = /`[^`]*`|\]\([^)]*\)/g;

const proseWidths: Rule = (files) =>
  [...files].flatMap(([path, text]) => {
    if (!path.endsWith('.md')) return [];
    let isCode = false;
    return text.split('\n').flatMap((line, number) => {
      if (/^\s*```/.test(line)) isCode = !isCode;
      if (isCode || line.length <= MAX_COLUMNS || /^\s*\|/.test(line)) return [];
      // Where it can be wrapped, but for its indentation and the mark of a list.
      const body = line
        .replace(/^\s*([-*]|\d+\.)?\s*/, '')
        .replace(SPANS, (span) => span.replaceAll(' ', '-'));
      if (!body.slice(0, MAX_COLUMNS).includes(' ')) return [];
      return [`${path}:${number + 1} has prose that is ${line.length} columns wide`];
    });
  });

const plainSyntax: Rule = (files) =>
  [...files].flatMap(([path, text]) =>
    [...nodesOf(parse(path, text))].flatMap((node) => {
      if (ts.isEnumDeclaration(node)) return [`${placeOf(node)} has an enum`];
      if (ts.isModuleDeclaration(node)) return [`${placeOf(node)} has a namespace`];
      if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent))
        return [`${placeOf(node)} has a parameter property`];
      return [];
    }),
  );

const isDocumented = (node: ts.Node) =>
  ts
    .getJSDocCommentsAndTags(node)
    .some((doc) => ts.isJSDoc(doc) && (ts.getTextOfJSDocComment(doc.comment) ?? '') !== '');

/** The statements of a file that declare a name. */
function declarationsOf(source: ts.SourceFile, name: string): ts.Statement[] {
  return source.statements.filter((statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name)
      : ts.isDeclarationStatement(statement) && statement.name?.getText() === name,
  );
}

const documentation: Rule = (files) => {
  const source = parse(PUBLIC_API, files.get(PUBLIC_API) ?? '');
  return source.statements.flatMap((statement) => {
    const named = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
    const from = specifierOf(statement);
    if (named === undefined || !ts.isNamedExports(named) || from === undefined || !ts.isStringLiteral(from))
      return [`${placeOf(statement)} is no explicit re-export`];
    const path = posix.join(posix.dirname(PUBLIC_API), from.text);
    return named.elements.flatMap((element) => {
      const name = (element.propertyName ?? element.name).text;
      const declarations = declarationsOf(parse(path, files.get(path) ?? ''), name);
      if (declarations.length === 0) return [`${path} does not declare ${name}, which ${PUBLIC_API} exports`];
      return declarations.some(isDocumented) ? [] : [`${path} exports ${name} without a TSDoc comment`];
    });
  });
};

/** What is installed, built or kept beside the project. */
const FOREIGN = new Set(['.git', 'coverage', 'dist', 'node_modules']);
const ROOT = join(import.meta.dirname, '..');

function* pathsBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (FOREIGN.has(entry.name)) continue;
    if (entry.isDirectory()) yield* pathsBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** The files of these folders, `.` for all of the project. */
function filesBelow(...folders: string[]): Files {
  const paths = folders.flatMap((folder) => [...pathsBelow(folder)]);
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

describe('the project', () => {
  const all = filesBelow('src', 'gateway/src', 'examples');
  const sources = new Map([...all].filter(([path]) => path.endsWith('.ts')));
  const library = new Map([...sources].filter(([path]) => path.startsWith('src/')));

  it('has sources to look at', () => {
    expect(library.size).toBeGreaterThan(30);
    expect(importsOf(library).length).toBeGreaterThan(100);
    expect(library.has(PUBLIC_API) && library.has(PLATFORM)).toBe(true);
  });

  it('imports in one direction', () => {
    expect(directions(sources)).toEqual([]);
  });

  it('reaches other packages by their names', () => {
    expect(doors(sources)).toEqual([]);
  });

  it('names no HTTP client but where it belongs', () => {
    expect(keepers(sources)).toEqual([]);
  });

  it('has no import cycle, of files or of folders at any depth', () => {
    expect(cycles(sources)).toEqual([]);
  });

  it('touches time and chance in one file of the core', () => {
    expect(purity(library)).toEqual([]);
  });

  it('names files and folders in kebab-case and for their nouns', () => {
    expect(names(all)).toEqual([]);
  });

  it(`keeps comments to ${MAX_COLUMNS} columns`, () => {
    const files = filesBelow('.');
    for (const path of ['vitest.config.ts', '.ci/run', 'scripts/set-version.mjs', 'gateway/tsup.config.ts'])
      expect(files.has(path), path).toBe(true);
    expect(widths(files)).toEqual([]);
  });

  it(`keeps the prose of its pages to ${MAX_COLUMNS} columns`, () => {
    const files = filesBelow('.');
    for (const path of ['README.md', 'CHANGELOG.md', 'docs/fleet.md', 'gateway/docs/gateway.md'])
      expect(files.has(path), path).toBe(true);
    expect(proseWidths(files)).toEqual([]);
  });

  it('runs under type stripping: no enum, no namespace, no parameter property', () => {
    expect(plainSyntax(sources)).toEqual([]);
  });

  it('documents every name that it exports', () => {
    expect(documentation(library)).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const made = (files: Record<string, string>): Files => new Map(Object.entries(files));
  const ENV = { 'src/env.ts': 'export const a = 1;' };

  it.each<[string, string, string]>([
    ['an import', 'src/hashing/a.ts', `import { b } from '../balancer/b.ts';`],
    ['an import of a type', 'src/hashing/a.ts', `import type { B } from '../balancer/b.ts';`],
    ['an import for its effects', 'src/hashing/a.ts', `import '../balancer/b.ts';`],
    ['a re-export', 'src/hashing/a.ts', `export * from '../balancer/b.ts';`],
    ['a dynamic import', 'src/hashing/a.ts', `const b = await import('../balancer/b.ts');`],
    ['an import within a type', 'src/hashing/a.ts', `type B = import('../balancer/b.ts').B;`],
    ['an import from the ground', 'src/errors.ts', `import { b } from './balancer/b.ts';`],
    ['an import over several lines', 'src/strategies/a.ts', `import {\n  b,\n} from "../balancer/b.ts";`],
  ])('find %s that goes outwards', (_, path, text) => {
    expect(directions(made({ [path]: text, 'src/balancer/b.ts': '' }))).toEqual([
      `${path} imports src/balancer/b.ts, which lies further out`,
    ]);
  });

  it('let imports go inwards and stay in their layer, and overlook those in comments and strings', () => {
    const files = made({
      ...ENV,
      'src/balancer/a.ts': `import { a } from '../env.ts';\nimport { b } from './b.ts';`,
      'src/balancer/b.ts': `// import '../index.ts';\nconst text = "from '../index.ts'";`,
      'src/traffic/c.ts': `import { b } from '../balancer/b.ts';`,
      'src/index.ts': `export { c } from './traffic/c.ts';`,
      'src/internal.ts': `export { b } from './balancer/b.ts';`,
      'src/sessions/d.ts': `import { b } from '../balancer/b.ts';\nimport fs from 'node:fs';`,
      'gateway/src/e.ts': `import { b } from 'evenkeel/internal';\nimport { z } from 'zod';`,
      'gateway/src/cli/f.ts': `import { e } from '../e.ts';\nimport { c } from 'evenkeel';`,
    });
    expect(directions(files)).toEqual([]);
    expect(doors(files)).toEqual([]);
  });

  it.each(['node:fs', 'fs', 'zod'])('find that the core imports %s, even as a type', (name) => {
    const files = made({ 'src/logger.ts': `import type { a } from '${name}';` });
    expect(directions(files)).toEqual([`src/logger.ts imports ${name}: the core depends on nothing`]);
  });

  it.each<[string, string, string]>([
    ['the library', 'src/sessions/a.ts', `import { b } from '../../gateway/src/b.ts';`],
    ['the library by name', 'src/sessions/a.ts', `import { b } from 'evenkeel-gateway';`],
    ['the gateway', 'gateway/src/workers/a.ts', `import { b } from '../cli/b.ts';`],
  ])('find that %s imports what is built on it', (_, path, text) => {
    const outer = { 'gateway/src/b.ts': '', 'gateway/src/index.ts': '', 'gateway/src/cli/b.ts': '' };
    expect(directions(made({ [path]: text, ...outer }))).toEqual([
      expect.stringMatching(`^${path} imports gateway/src/[a-z/]+.ts, which lies further out$`),
    ]);
  });

  it.each(['gateway/src/a.ts', 'examples/demo/a.ts'])(
    'find that %s goes past the doors of the library',
    (path) => {
      const up = path.startsWith('gateway') ? '../../' : '../../';
      expect(doors(made({ ...ENV, [path]: `import { a } from '${up}src/env.ts';` }))).toEqual([
        `${path} imports src/env.ts: other packages are reached by their names`,
      ]);
    },
  );

  it('find a door that is not there, the own one, and the one for the gateway alone', () => {
    expect(directions(made({ 'gateway/src/a.ts': `import { a } from 'evenkeel/balancer';` }))).toEqual([
      'gateway/src/a.ts imports evenkeel/balancer, which is no door of a package',
    ]);
    const files = made({
      'src/sessions/a.ts': `import { b } from 'evenkeel';`,
      'examples/a.ts': `import { c } from 'evenkeel/internal';`,
    });
    expect(doors(files)).toEqual([
      'src/sessions/a.ts imports evenkeel: files of one package reach each other by path',
      'examples/a.ts imports evenkeel/internal, which is for evenkeel-gateway alone',
    ]);
  });

  it('find a file outside every layer, and an import of nothing', () => {
    expect(directions(made({ 'src/misc/a.ts': `import { b } from './b.ts';` }))).toEqual([
      'src/misc/a.ts belongs to no layer',
      'src/misc/a.ts imports src/misc/b.ts, which is not there',
    ]);
  });

  it('find that a file knows the HTTP client', () => {
    const text = `import type { Dispatcher } from 'undici';`;
    const allowed = { 'src/adapters/undici/call.ts': text };
    const files = made({ ...allowed, 'gateway/src/upstream/pool.ts': text, 'src/adapters/fetch/a.ts': text });
    expect(keepers(files)).toEqual([
      'gateway/src/upstream/pool.ts imports undici, which it must not know',
      'src/adapters/fetch/a.ts imports undici, which it must not know',
    ]);
  });

  it('find a cycle of files, also of types alone', () => {
    const files = made({
      'src/balancer/a.ts': `import type { B } from './b.ts';`,
      'src/balancer/b.ts': `import { c } from './c.ts';`,
      'src/balancer/c.ts': `import { type A } from './a.ts';`,
    });
    expect(cycles(files)).toEqual([
      'src/balancer/a.ts -> src/balancer/b.ts -> src/balancer/c.ts -> src/balancer/a.ts',
    ]);
  });

  it('find a file that imports itself', () => {
    const files = made({ 'src/balancer/a.ts': `import './a.ts';` });
    expect(cycles(files)).toEqual(['src/balancer/a.ts -> src/balancer/a.ts']);
  });

  it('find a cycle of folders that is none of files', () => {
    const files = made({
      'src/health/a.ts': `import '../traffic/b.ts';`,
      'src/traffic/b.ts': '',
      'src/traffic/c.ts': `import '../health/d.ts';`,
      'src/health/d.ts': '',
    });
    expect(directions(files)).toEqual([]);
    expect(cycles(files)).toEqual(['src/health -> src/traffic -> src/health']);
  });

  it('find a cycle of folders within a folder', () => {
    const files = made({
      'gateway/src/admin/page/a.ts': `import '../style/b.ts';`,
      'gateway/src/admin/style/b.ts': '',
      'gateway/src/admin/style/c.ts': `import '../page/d.ts';`,
      'gateway/src/admin/page/d.ts': '',
    });
    expect(directions(files)).toEqual([]);
    expect(cycles(files)).toEqual([
      'gateway/src/admin/page -> gateway/src/admin/style -> gateway/src/admin/page',
    ]);
  });

  it('find a cycle of a file and a folder beside it', () => {
    const files = made({
      'gateway/src/engine.ts': `import './upstream/a.ts';`,
      'gateway/src/upstream/a.ts': '',
      'gateway/src/upstream/b.ts': `import '../engine.ts';`,
    });
    expect(cycles(files)).toEqual(['gateway/src/engine.ts -> gateway/src/upstream -> gateway/src/engine.ts']);
  });

  it('find a cycle of packages', () => {
    const files = made({
      'src/index.ts': '',
      'src/sessions/a.ts': `import 'evenkeel-gateway';`,
      'gateway/src/index.ts': '',
      'gateway/src/a.ts': `import 'evenkeel';`,
    });
    expect(cycles(files)).toEqual(['src -> gateway -> src']);
  });

  it('do not take a diamond for a cycle', () => {
    const files = made({
      'src/balancer/a.ts': `import './b.ts';\nimport './c.ts';`,
      'src/balancer/b.ts': `import './d.ts';`,
      'src/balancer/c.ts': `import './d.ts';`,
      'src/balancer/d.ts': '',
    });
    expect(cycles(files)).toEqual([]);
  });

  it.each<[string, string]>([
    ['const at = Date.now();', 'Date.now'],
    ['const at = globalThis.Date.now();', 'Date.now'],
    [`const at = Date['now']();`, 'Date.now'],
    ['const { now } = Date;', 'Date.now'],
    ['const { now: clock } = Date;', 'Date.now'],
    ['const at = new Date();', 'Date()'],
    ['const at = performance.now();', 'performance'],
    ['const { now } = performance;', 'performance'],
    ['const x = Math.random();', 'Math.random'],
    ['const random = Math.random;', 'Math.random'],
    ['setTimeout(() => {}, 1);', 'setTimeout'],
    ['globalThis.setTimeout(() => {}, 1);', 'setTimeout'],
    ['const timers = { setTimeout };', 'setTimeout'],
    ['const timer = setInterval;', 'setInterval'],
    ['queueMicrotask(() => {});', 'queueMicrotask'],
    ['const signal = AbortSignal.timeout(5);', 'AbortSignal.timeout'],
    [`const text = \`\${process.pid}\`;`, 'process'],
    [`const fs = require('node:fs');`, 'require'],
  ])('find the impurity of %s', (line, what) => {
    const files = made({ 'src/balancer/a.ts': `\n${line}`, 'src/env.ts': line, 'gateway/src/a.ts': line });
    expect(purity(files)).toEqual([`src/balancer/a.ts:2 uses ${what}, which only src/env.ts may`]);
  });

  it.each([
    '// Date.now()',
    '/* Math.random() */',
    '/** {@link performance.now} */ export const a = 1;',
    `const text = 'Date.now() and setTimeout()';`,
    'const text = `performance`;',
    'const pattern = /[/*"]Math.random()/;',
    'env.clock.now();',
    'env.random();',
    'timers.setTimeout(() => {}, 1);',
    'interface Timers { setTimeout(): void; performance: number }',
    'const day = new Date(0);',
    'const top = Math.max(1, 2);',
  ])('find nothing impure in %s', (line) => {
    expect(purity(made({ 'src/balancer/a.ts': line }))).toEqual([]);
  });

  it.each([
    'src/utils.ts',
    'src/utils/a.ts',
    'src/balancer/helpers.ts',
    'src/common/a.ts',
    'src/pool-manager.ts',
  ])('find that %s is named for nothing', (path) => {
    expect(names(made({ [path]: '' }))).toHaveLength(1);
  });

  it.each(['src/keyMemory.ts', 'src/Pool.ts', 'src/key_memory.ts', 'src/balancer/-pool.ts'])(
    'find that %s is not in kebab-case',
    (path) => {
      expect(names(made({ [path]: '' }))).toHaveLength(1);
    },
  );

  it('let good names pass', () => {
    expect(
      names(
        made({ 'src/balancer/key-memory.ts': '', 'src/hashing/murmur3.ts': '', 'examples/a/page.html': '' }),
      ),
    ).toEqual([]);
  });

  it.each([
    (line: string) => `// ${line}`,
    (line: string) => `/*\n${line} */`,
    (line: string) => `class A {\n  /** ${line} */\n}`,
    (line: string) => `const a = 1; // ${line}`,
  ])('find a comment that is too wide, by one column: %s', (around) => {
    const lengthOf = (text: string) => Math.max(...text.split('\n').map((line) => line.length));
    const text = (columns: number) => around('x '.repeat(columns).slice(0, columns - lengthOf(around(''))));
    expect(widths(made({ 'src/a.ts': text(MAX_COLUMNS) }))).toEqual([]);
    expect(widths(made({ 'src/a.ts': text(MAX_COLUMNS + 1) }))).toEqual([
      expect.stringMatching(/^src\/a\.ts:[12] has a comment that is 111 columns wide$/),
    ]);
  });

  it.each([
    ['a.config.ts', '// '],
    ['a/b.mjs', '// '],
    ['a.js', ' * ', '/**\n', '\n */'],
    ['a.mts', '/* ', '', ' */'],
    ['.ci/run', '# '],
    ['a/b.yaml', '  # '],
    ['a.py', '# '],
    ['A.java', ' * '],
    ['a.go', '// '],
    ['a.lua', '-- '],
    ['a.html', '<!-- '],
  ])('find a wide comment in %s', (path, mark, before = '', after = '') => {
    const wide = `${before}${mark.padEnd(MAX_COLUMNS + 1, 'x')}${after}`;
    expect(widths(made({ [path]: wide }))).toHaveLength(1);
    expect(widths(made({ [path]: `${before}${mark}narrow${after}` }))).toEqual([]);
    // Wide code.
    expect(widths(made({ [path]: `a('${mark.padEnd(MAX_COLUMNS + 1, 'x')}')` }))).toEqual([]);
  });

  it('let wide code, wide text and addresses pass', () => {
    const wide = 'x '.repeat(MAX_COLUMNS);
    const text = `const a = '// ${wide}';\nconst b = \`\n// ${wide}\`;\n/${wide}/.test(a);`;
    expect(widths(made({ 'src/a.ts': text }))).toEqual([]);
    const address = `// https://a.example/${'x'.repeat(MAX_COLUMNS)}`;
    expect(widths(made({ 'src/a.ts': address }))).toEqual([]);
    expect(widths(made({ 'src/a.ts': `${address} and words` }))).toHaveLength(1);
  });

  it('find prose that is too wide, by one column, in paragraphs and in lists', () => {
    for (const start of ['', '- ', '  1. ']) {
      const page = (columns: number) => `${(start + 'x '.repeat(columns)).slice(0, columns - 1)}x`;
      expect(proseWidths(made({ 'a.md': page(MAX_COLUMNS) }))).toEqual([]);
      expect(proseWidths(made({ 'a.md': page(MAX_COLUMNS + 1) }))).toEqual([
        'a.md:1 has prose that is 111 columns wide',
      ]);
    }
  });

  it('let wide tables, code and links in pages pass', () => {
    const wide = 'x '.repeat(MAX_COLUMNS);
    const page = `| ${wide} |\n\n\`\`\`sh\n${wide}\n\`\`\`\n- \`${wide}\`\n[x](${wide})`;
    expect(proseWidths(made({ 'a.md': page }))).toEqual([]);
  });

  it.each<[string, string]>([
    ['enum A { B }', 'an enum'],
    ['export const enum A { B }', 'an enum'],
    ['namespace A {}', 'a namespace'],
    ['class A { constructor(readonly b: string) {} }', 'a parameter property'],
    ['class A { constructor(private b = 1) {} }', 'a parameter property'],
  ])('find that %s needs more than type stripping', (line, what) => {
    expect(plainSyntax(made({ 'src/a.ts': line }))).toEqual([`src/a.ts:1 has ${what}`]);
  });

  it('let plain syntax pass', () => {
    const text = 'class A { readonly b: string; constructor(b: string) { this.b = b; } } // enum namespace';
    expect(plainSyntax(made({ 'src/a.ts': text }))).toEqual([]);
  });

  it('find an exported name without a comment, wherever it is declared', () => {
    const files = made({
      'src/index.ts': `export { a, b as c, type D } from './logger.ts';\nexport { E, f, g } from './errors.ts';`,
      'src/logger.ts': 'export const a = 1;\n/** Documented. */\nexport const b = 1;\nexport interface D {}',
      'src/errors.ts':
        '/** Documented. */\nexport class E {}\n/* not TSDoc */\nexport function f() {}\n/** */ export type g = 1;',
    });
    expect(documentation(files)).toEqual([
      'src/logger.ts exports a without a TSDoc comment',
      'src/logger.ts exports D without a TSDoc comment',
      'src/errors.ts exports f without a TSDoc comment',
      'src/errors.ts exports g without a TSDoc comment',
    ]);
  });

  it('find that the public API exports what is not there, everything, or something of its own', () => {
    const files = made({
      'src/index.ts': `export { a } from './logger.ts';\nexport * from './env.ts';\nexport const c = 1;`,
      'src/logger.ts': '',
    });
    expect(documentation(files)).toEqual([
      'src/logger.ts does not declare a, which src/index.ts exports',
      'src/index.ts:2 is no explicit re-export',
      'src/index.ts:3 is no explicit re-export',
    ]);
  });
});
