import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Imports go from a later line to an earlier one, or stay within a line. */
const CORE = [
  ['shown', 'env', 'errors', 'contracts', 'deadline', 'http'],
  ['hashing'],
  ['strategies'],
  ['balancer'],
  ['health', 'traffic'],
  ['loadbalancer-options', 'loadbalancer', 'fetch-http-service', 'logger'],
  ['index', 'internal'],
];
const OUTER = [
  ['load-report', 'diagnostics', 'gateway', 'rate-limit', 'sessions', 'simulator'],
  ['adapters', 'cli'],
  ['examples'],
];
const LAYERS = [...CORE, ...OUTER];

const PUBLIC_API = 'src/index.ts';
/** The one file that touches the platform's time and chance. */
const PLATFORM = 'src/env.ts';

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

/** `balancer` for `src/balancer/pool.ts`, `env` for `src/env.ts`, `examples` for all examples. */
function unitOf(path: string): string {
  const [top = '', first = ''] = path.split('/');
  return top === 'src' ? first.replace(/\.ts$/, '') : top;
}

const rankOf = (path: string) => LAYERS.findIndex((layer) => layer.includes(unitOf(path)));
const isOuter = (path: string) => rankOf(path) >= CORE.length;

interface Import {
  readonly from: string;
  /** A path from the root where the specifier is relative; else the specifier. */
  readonly to: string;
  readonly relative: boolean;
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
      const isRelative = name.startsWith('.');
      return [{ from, to: isRelative ? posix.join(posix.dirname(from), name) : name, relative: isRelative }];
    }),
  );
}

const directions: Rule = (files) => [
  ...[...files.keys()].filter((path) => rankOf(path) < 0).map((path) => `${path} belongs to no layer`),
  ...importsOf(files).flatMap(({ from, to, relative: isRelative }) => {
    if (!isRelative) return isOuter(from) ? [] : [`${from} imports ${to}: the core depends on nothing`];
    // The gateway is a package of its own.
    if (to.startsWith('gateway/')) return [];
    if (!files.has(to)) return [`${from} imports ${to}, which is not there`];
    if (rankOf(to) > rankOf(from)) return [`${from} imports ${to}, which lies further out`];
    if (isOuter(from) && !isOuter(to) && to !== PUBLIC_API && unitOf(to) !== 'http')
      return [`${from} imports ${to}: outer layers use the core through ${PUBLIC_API}`];
    return [];
  }),
];

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

const cycles: Rule = (files) => {
  const edges = importsOf(files).map(({ from, to }) => [from, to] as const);
  const units = edges.map(([from, to]) => [unitOf(from), unitOf(to)] as const);
  return [...cyclesOf(edges), ...cyclesOf(units.filter(([from, to]) => from !== to))];
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

function filesBelow(...folders: string[]): Files {
  const root = join(import.meta.dirname, '..');
  const entries = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }),
  );
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.map((path) => [relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')]),
  );
}

describe('the project', () => {
  const all = filesBelow('src', 'examples');
  const sources = new Map([...all].filter(([path]) => path.endsWith('.ts')));
  const library = new Map([...sources].filter(([path]) => path.startsWith('src/')));

  it('has sources to look at', () => {
    expect(library.size).toBeGreaterThan(30);
    expect(importsOf(library).length).toBeGreaterThan(100);
    expect(library.has(PUBLIC_API) && library.has(PLATFORM)).toBe(true);
  });

  it('imports in one direction, and the core through its public API alone', () => {
    expect(directions(sources)).toEqual([]);
  });

  it('has no import cycle, of files or of folders', () => {
    expect(cycles(sources)).toEqual([]);
  });

  it('touches time and chance in one file of the core', () => {
    expect(purity(library)).toEqual([]);
  });

  it('names files and folders in kebab-case and for their nouns', () => {
    expect(names(all)).toEqual([]);
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
      'src/cli/main.ts': `import { c } from '../index.ts';\nimport fs from 'node:fs';\nimport { z } from 'zod';`,
    });
    expect(directions(files)).toEqual([]);
  });

  it.each(['node:fs', 'fs', 'zod'])('find that the core imports %s, even as a type', (name) => {
    const files = made({ 'src/logger.ts': `import type { a } from '${name}';` });
    expect(directions(files)).toEqual([`src/logger.ts imports ${name}: the core depends on nothing`]);
  });

  it.each(['src/gateway/a.ts', 'src/simulator/a.ts', 'src/cli/a.ts'])(
    'find that %s goes past the public API',
    (path) => {
      const files = made({ ...ENV, [path]: `import { a } from '../env.ts';` });
      expect(directions(files)).toEqual([
        `${path} imports src/env.ts: outer layers use the core through src/index.ts`,
      ]);
    },
  );

  it('find that an example goes past the public API', () => {
    const files = made({ ...ENV, 'examples/demo/a.ts': `import { a } from '../../src/env.ts';` });
    expect(directions(files)).toHaveLength(1);
  });

  it('find a file outside every layer, and an import of nothing', () => {
    expect(directions(made({ 'src/misc/a.ts': `import { b } from './b.ts';` }))).toEqual([
      'src/misc/a.ts belongs to no layer',
      'src/misc/a.ts imports src/misc/b.ts, which is not there',
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
    expect(cycles(files)).toEqual(['health -> traffic -> health']);
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
    const files = made({ 'src/balancer/a.ts': `\n${line}`, 'src/env.ts': line, 'src/gateway/a.ts': line });
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
