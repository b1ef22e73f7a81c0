// Bundles the client of the dashboard, in development and when the package is built; no part of the package.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** The script of the page as one text: everything in `client`, without comments. */
export function bundleClient(): string {
  // Loaded only if it is needed: a gateway that runs from the sources without a dashboard does not need it.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('./client/main.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    minify: true,
    // The settings of the repository shall not change the text.
    tsconfigRaw: '{}',
  });
  return outputFiles[0]?.text ?? '';
}

/** Puts the bundled client in the place of `script.ts`. */
export const shippedScript: Plugin = {
  name: 'shipped-dashboard-script',
  setup(build) {
    build.onLoad({ filter: /dashboard[\\/]script\.ts$/ }, () => ({
      contents: `const text = ${JSON.stringify(bundleClient())};\nexport const script = () => text;`,
      loader: 'js',
    }));
  },
};
