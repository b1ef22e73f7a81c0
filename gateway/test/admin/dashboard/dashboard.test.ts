import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { dashboardPage } from '../../../src/admin/dashboard/dashboard.ts';
import { shippedScripts } from '../../../src/page/bundle.ts';

const DASHBOARD = join(import.meta.dirname, '../../../src/admin/dashboard');

const { html, contentSecurityPolicy } = dashboardPage();
const inside = (tag: string) => new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '';
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Comments and texts may say anything: they run and load nothing. */
const markup = html.replace(inside('script'), '').replace(inside('style'), '');

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

  it('is bundled into the package as it is: no bundler and no source is left to it', async () => {
    const built = await build({
      entryPoints: [join(DASHBOARD, 'dashboard.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      plugins: [shippedScripts],
    });
    const text = built.outputFiles[0]?.text ?? '';
    expect(text).not.toContain('esbuild');
    const { dashboardPage: shippedPage } = await import(
      `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
    );
    expect(shippedPage()).toEqual({ html, contentSecurityPolicy });
  });

  it('is made of what the browser has: nothing but the client is bundled', () => {
    const script = inside('script');
    const foreign = script.match(/\b(require|import|eval|Function)\(|\b(process|Buffer)\.|["']node:/);
    expect(foreign).toBeNull();
    expect(Buffer.byteLength(script)).toBeLessThan(30_000);
  });
});
