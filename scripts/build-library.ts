// Builds the JavaScript of the library's package. dist/esm and dist/cjs have the same chunks, file by file.
// Each is smaller than the window of gzip, and npm packs files of equal names beside each other: so the
// second format costs the package next to nothing.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TransformOptions, transform } from 'esbuild';
import { type OutputOptions, type Plugin, rollup } from 'rollup';
import { chunksOf } from './chunks.ts';
import { LIBRARY_ENTRIES } from './library-entries.ts';

type Format = 'esm' | 'cjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const PEERS = ['rate-limiter-flexible', 'undici', 'ioredis'];

/** Comments and indentation are half of the code. Names stay, and lines that a stack trace can name. */
const SMALLER: TransformOptions = {
  target: 'es2022',
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 110,
  charset: 'utf8',
  legalComments: 'none',
};

rmSync(dist, { recursive: true, force: true });
for (const format of ['esm', 'cjs'] as const) {
  await build(format);
  copyFileSync(join(root, `src/adapters/undici/entry/${format}.js`), join(dist, format, 'undici-checked.js'));
}
writeFileSync(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
copyFileSync(join(root, 'node_modules/jose/LICENSE.md'), join(dist, 'LICENSE-jose.md'));

async function build(format: Format): Promise<void> {
  const entries = new Map(Object.entries(LIBRARY_ENTRIES).map(([name, path]) => [name, join(root, path)]));
  const bytes = new Map<string, number>();
  let chunks: Map<string, string> | undefined;
  const bundle = await rollup({
    input: Object.fromEntries(entries),
    plugins: [typescript(format, bytes), dependencies(format)],
    treeshake: { moduleSideEffects: false },
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const output: OutputOptions = {
    dir: join(dist, format),
    format: format === 'esm' ? 'es' : 'cjs',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    generatedCode: 'es2015',
    strict: true,
    exports: 'named',
    esModule: true,
    interop: 'auto',
    // Jest without transforms knows no `import()`.
    dynamicImportInCjs: false,
    manualChunks: (id, { getModuleInfo }) => {
      chunks ??= chunksOf(entries, getModuleInfo, (one) => bytes.get(one) ?? 0);
      return chunks.get(id);
    },
  };
  const { output: files } = await bundle.generate(output);
  await bundle.close();
  for (const file of files) {
    if (file.type !== 'chunk') continue;
    const { code } = await transform(file.code, SMALLER);
    const path = join(dist, format, file.fileName);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
}

/** Reads TypeScript, and says how large each module is. */
function typescript(format: Format, bytes: Map<string, number>): Plugin {
  const define: Record<string, string> =
    format === 'esm' ? {} : { 'import.meta.url': '__filename', JOSE_IS_BUNDLED: 'true' };
  return {
    name: 'typescript',
    async transform(code, id) {
      if (!id.endsWith('.ts')) return null;
      const { code: plain } = await transform(code, {
        ...SMALLER,
        minifyWhitespace: false,
        loader: 'ts',
        define,
      });
      bytes.set(id, Buffer.byteLength((await transform(plain, SMALLER)).code));
      return { code: plain, map: null };
    },
  };
}

/** jose is an ES module alone, which Jest cannot load without transforms: it goes into the CommonJS build. */
function dependencies(format: Format): Plugin {
  return {
    name: 'dependencies',
    resolveId(name) {
      if (isBuiltin(name) || PEERS.some((peer) => name === peer || name.startsWith(`${peer}/`)))
        return { id: name, external: true };
      if (name !== 'jose') return null;
      return format === 'esm' ? { id: name, external: true } : fileURLToPath(import.meta.resolve(name));
    },
  };
}
