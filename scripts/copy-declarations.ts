// Gives the CommonJS build the declarations of the ES modules: the same text, which its folder makes
// CommonJS. A copy of a large file would cost the package as much again, so it goes without comments; the ES
// modules have them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** gzip finds what was there 32 KiB before. */
const WINDOW = 31_000;

const esm = new URL('../dist/esm/', import.meta.url);
const cjs = new URL('../dist/cjs/', import.meta.url);
for (const name of readdirSync(esm, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const file = new URL(name, esm);
  // A space a level, so that fewer files are large.
  const text = readFileSync(file, 'utf8').replaceAll(/^(?: {4})+/gm, ({ length }) => ' '.repeat(length / 4));
  writeFileSync(file, text);
  const isLarge = Buffer.byteLength(text) > WINDOW;
  writeFileSync(new URL(name, cjs), isLarge ? text.replaceAll(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '') : text);
}
