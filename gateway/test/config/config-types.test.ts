import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { configTypes } from '../../src/config/config-types.ts';
import type { GatewayConfigInput } from '../../src/config/gateway-config-input.ts';
import { schemaTree } from '../../src/config/json-schema.ts';
import type { gatewaySchema } from '../../src/config/schema.ts';

const FILE = fileURLToPath(new URL('../../src/config/gateway-config-input.ts', import.meta.url));
const source = readFileSync(FILE, 'utf8');

/** A text without what the formatter decides, and without the stars of comments. */
const unformatted = (text: string) => text.replace(/[\s*]+/g, '').replace(/([:(<|=])\|/g, '$1');

type Input = z.input<typeof gatewaySchema>;
describe('the type of a configuration', () => {
  it('is that of the schema: after a change, run `npm run schema`', () => {
    expect(unformatted(source)).toBe(unformatted(configTypes(schemaTree())));
    // The compiler says whether it fits.
    const there: GatewayConfigInput = {} as Input;
    expect(there).toEqual({});
  });

  it('says of every setting what it is', () => {
    const file = ts.createSourceFile(FILE, source, ts.ScriptTarget.Latest, true);
    const silent: string[] = [];
    let settings = 0;
    const visit = (node: ts.Node): void => {
      if (ts.isPropertySignature(node)) {
        settings++;
        const comment = ts.getJSDocCommentsAndTags(node)[0]?.getText() ?? '';
        if (!/\/\*\*\s*[\s*]*[A-Z0-9`]/.test(comment)) silent.push(node.name.getText());
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    expect(settings).toBeGreaterThan(150);
    expect(silent).toEqual([]);
  });

  it('is what an editor shows of `createGateway`', () => {
    const text = `import type { GatewayConfigInput } from '../src/config/gateway-config-input.ts';
      declare function createGateway(config: GatewayConfigInput): void;
      createGateway({ listeners: [{ port: 1 }], pools: {}, trustedProxies: [], limits: { bodyBytes: 1 } });`;
    const name = fileURLToPath(new URL('../editor.ts', import.meta.url));
    const files = new Map([[name, text]]);
    const service = ts.createLanguageService({
      getCompilationSettings: () => ({
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        allowImportingTsExtensions: true,
        noEmit: true,
        noLib: true,
      }),
      getScriptFileNames: () => [...files.keys()],
      getScriptVersion: () => '1',
      getScriptSnapshot: (path) => {
        const own = files.get(path) ?? ts.sys.readFile(path);
        return own === undefined ? undefined : ts.ScriptSnapshot.fromString(own);
      },
      getCurrentDirectory: () => fileURLToPath(new URL('../..', import.meta.url)),
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => files.has(path) || ts.sys.fileExists(path),
      readFile: (path) => files.get(path) ?? ts.sys.readFile(path),
    });
    const shown = (setting: string) =>
      ts.displayPartsToString(
        service.getQuickInfoAtPosition(name, text.indexOf(`${setting}:`))?.documentation,
      );
    expect(shown('trustedProxies')).toContain('are trusted;');
    expect(shown('bodyBytes')).toContain('answered with 413.');
  });
});
