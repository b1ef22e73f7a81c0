// Leaves the comments out of the declarations for CommonJS, a tenth of the package. Those for ES modules, which editors
// show, have them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
for (const name of readdirSync(dist)) {
  if (!name.endsWith('.d.cts')) continue;
  const text = readFileSync(new URL(name, dist), 'utf8');
  writeFileSync(new URL(name, dist), text.replaceAll(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, ''));
}
