import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    backend: 'src/backend/load-report.ts',
    diagnostics: 'src/diagnostics.ts',
    'rate-limit': 'src/rate-limit/index.ts',
    sessions: 'src/sessions/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  // Each subpath must find the very classes of the main entry.
  splitting: true,
  dts: {
    compilerOptions: { ignoreDeprecations: '6.0' },
    banner: '/// <reference lib="esnext.disposable" />',
  },
  esbuildOptions(options) {
    // Puts numbers in the place of constants, which a bundle would otherwise read as variables in every loop.
    options.minifySyntax = true;
  },
  sourcemap: true,
  clean: true,
  treeshake: true,
});
