// How the declarations of the library's package are made; `scripts/build-library.ts` builds its JavaScript.
import { defineConfig } from 'tsup';
import { LIBRARY_ENTRIES } from './scripts/library-entries.ts';

export default defineConfig({
  entry: LIBRARY_ENTRIES,
  outDir: 'dist/esm',
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: {
    only: true,
    compilerOptions: { ignoreDeprecations: '6.0' },
    banner: '/// <reference lib="esnext.disposable" />',
  },
});
