import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { dashboardPage } from '../../../src/admin/dashboard/dashboard.ts';

const CLIENT = join(import.meta.dirname, '../../../src/admin/dashboard/client');

const { html, contentSecurityPolicy } = dashboardPage();
const inside = (tag: string) => new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '';
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Comments and texts may say anything: they run and load nothing. */
const markup = html.replace(inside('script'), '').replace(inside('style'), '');

/** What a file of the page's script brings into being, and what it takes from elsewhere at run time. */
function outline(text: string): { functions: string[]; rest: string[] } {
  const source = ts.createSourceFile('part.ts', text, ts.ScriptTarget.Latest, true);
  const functions: string[] = [];
  const rest: string[] = [];
  for (const statement of source.statements) {
    const isType =
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      (ts.isImportDeclaration(statement) &&
        statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    if (ts.isFunctionDeclaration(statement)) functions.push(statement.name?.text ?? '');
    else if (!isType) rest.push(statement.getText());
  }
  return { functions, rest };
}

describe('the page', () => {
  it('allows its own script and its own style by their hashes, and nothing else', () => {
    const directives = contentSecurityPolicy.split('; ');
    expect(directives).toContain(`default-src 'none'`);
    expect(directives).toContain(`script-src ${hashOf(inside('script'))}`);
    expect(directives).toContain(`style-src ${hashOf(inside('style'))}`);
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:/);
    expect(html.match(/<(script|style)\b/g)).toEqual(['<style', '<script']);
  });

  it('has no handlers and no styles in its markup, and names nothing elsewhere', () => {
    expect(markup).not.toMatch(/\son\w+=|\sstyle=/);
    expect(markup.match(/\s(src|href|action)="(?!#|data:|stats")[^"]*"/g)).toBeNull();
    expect(inside('style')).not.toMatch(/@import|url\(/);
  });

  it('has a label for every field, a type for every button, and each id once', () => {
    for (const [button] of markup.matchAll(/<button\b[^>]*>/g))
      expect(button).toMatch(/type="(button|submit)"/);
    const ids = [...markup.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, references = ''] of markup.matchAll(
      /\b(?:aria-labelledby|aria-describedby|for|list)="([^"]+)"/g,
    )) {
      for (const id of references.split(' ')) expect(ids).toContain(id);
    }
  });

  it('is made once', () => {
    expect(dashboardPage()).toBe(dashboardPage());
  });
});

describe('the script of the page', () => {
  it('can be parsed, and does not end its element', () => {
    expect(() => new Script(inside('script'))).not.toThrow();
    expect(inside('script')).not.toMatch(/<\/script|<!--/i);
  });

  it.each(readdirSync(CLIENT).filter((file) => file !== 'parts.ts'))(
    'has a part %s that is one function, so that its text is whole',
    (file) => {
      const { functions, rest } = outline(readFileSync(join(CLIENT, file), 'utf8'));
      expect(rest).toEqual([]);
      expect(functions).toHaveLength(1);
    },
  );

  it('would be found to be in pieces', () => {
    expect(
      outline(`import { a } from './a.ts';\nconst B = 1;\nexport function c() {}\nfunction d() {}`),
    ).toEqual({
      functions: ['c', 'd'],
      rest: [`import { a } from './a.ts';`, 'const B = 1;'],
    });
  });
});
