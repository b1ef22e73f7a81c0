// Bundles the scripts of pages, in development and when the package is built; no part of the package.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * The script of a page as one text: everything that its main file imports, without comments.
 * @param main - the URL of that file
 */
export function bundleClient(main: URL): string {
  // Loaded only if it is needed: a gateway that runs from the sources without a page does not need it.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(main)],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    // Licences that ask to be kept are said in the page itself.
    legalComments: 'none',
    minify: true,
    // The settings of the repository shall not change the text.
    tsconfigRaw: '{}',
  });
  return outputFiles[0]?.text ?? '';
}

/** Puts the bundled client in the place of each page's `script.ts`. */
export const shippedScripts: Plugin = {
  name: 'shipped-page-scripts',
  setup(build) {
    build.onLoad({ filter: /(dashboard|report)[\\/]script\.ts$/ }, ({ path }) => ({
      contents: `const text = ${JSON.stringify(bundleClient(pathToFileURL(join(dirname(path), 'client', 'main.ts'))))};\nexport const script = () => text;`,
      loader: 'js',
    }));
  },
};
