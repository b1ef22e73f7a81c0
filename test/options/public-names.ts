// What the packages export, read from their sources: the names of each entry, and the types of options.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');

/** Each subpath that hosts import, and the file behind it. */
export const ENTRIES: Readonly<Record<string, string>> = {
  evenkeel: 'src/index.ts',
  'evenkeel/fetch': 'src/adapters/fetch/index.ts',
  'evenkeel/discovery': 'src/discovery/index.ts',
  'evenkeel/discovery/dns': 'src/discovery/sources/dns.ts',
  'evenkeel/discovery/file': 'src/discovery/sources/file.ts',
  'evenkeel/discovery/http': 'src/discovery/sources/http.ts',
  'evenkeel/discovery/redis': 'src/discovery/sources/redis.ts',
  'evenkeel/discovery/etcd': 'src/discovery/sources/etcd.ts',
  'evenkeel/discovery/kubernetes': 'src/discovery/sources/kubernetes.ts',
  'evenkeel/fleet': 'src/fleet/index.ts',
  'evenkeel/undici': 'src/adapters/undici/index.ts',
  'evenkeel/sessions': 'src/sessions/index.ts',
  'evenkeel/rate-limit': 'src/rate-limit/index.ts',
  'evenkeel/diagnostics': 'src/diagnostics.ts',
  'evenkeel/load-report': 'src/load-report/load-report.ts',
  'evenkeel/simulator': 'src/simulator/index.ts',
  'evenkeel-gateway': 'gateway/src/index.ts',
  'evenkeel-gateway/express': 'gateway/src/adapters/express/index.ts',
  'evenkeel-gateway/fastify': 'gateway/src/adapters/fastify/index.ts',
};

/** A name that an entry exports. */
export interface PublicName {
  readonly entry: string;
  readonly name: string;
  readonly isType: boolean;
  /** The file that declares it. */
  readonly file: string;
}

const parsed = new Map<string, ts.SourceFile>();

function parse(file: string): ts.SourceFile {
  let source = parsed.get(file);
  if (source === undefined) {
    source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    parsed.set(file, source);
  }
  return source;
}

const isExported = (node: ts.Node) =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** All that an entry exports, by its own declarations or from other files. */
export function publicNames(entry: string): PublicName[] {
  const file = join(ROOT, ENTRIES[entry] as string);
  return parse(file).statements.flatMap((statement): PublicName[] => {
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const from = resolve(dirname(file), (statement.moduleSpecifier as ts.StringLiteral).text);
      const clause = statement.exportClause;
      if (clause === undefined || !ts.isNamedExports(clause)) throw new Error(`${file}: no names`);
      return clause.elements.map(({ name, isTypeOnly }) => {
        return { entry, name: name.text, isType: statement.isTypeOnly || isTypeOnly, file: from };
      });
    }
    if (!isExported(statement)) return [];
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name.getText())
      : [(statement as ts.DeclarationStatement).name?.getText() as string];
    return names.map((name) => ({ entry, name, isType, file }));
  });
}

/** The declaration of a name in a file: a function's last overload, a class, an interface or a variable. */
export function declarationOf(file: string, name: string): ts.Node | undefined {
  const all = parse(file).statements.flatMap((statement): ts.Node[] => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.filter((one) => one.name.getText() === name);
    const own = (statement as ts.DeclarationStatement).name;
    return own !== undefined && own.getText() === name ? [statement] : [];
  });
  return all.at(-1);
}

/** Every interface of both packages by its name. */
export const INTERFACES: ReadonlyMap<string, ts.InterfaceDeclaration> = new Map(
  ['gateway/src', 'src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .flatMap((entry) => [...parse(join(entry.parentPath, entry.name)).statements])
      .filter(ts.isInterfaceDeclaration)
      .map((one) => [one.name.text, one] as const),
  ),
);
