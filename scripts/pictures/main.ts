// The command `npm run pictures`: runs every preset and writes its picture for the docs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { simulate } from 'evenkeel/simulator';
import { presets } from '../../gateway/src/cli/simulation/presets.ts';
import { pictureOf } from './picture.ts';
import { SHOWN } from './shown.ts';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, { scenario }] of Object.entries(presets)) {
  const shown = SHOWN[name];
  if (shown === undefined) throw new Error(`shown.ts does not say what the picture of ${name} shows`);
  const svg = pictureOf(await simulate({ name, ...scenario }), shown);
  writeFileSync(`${folder}${name}.svg`, svg);
  console.log(`docs/pictures/${name}.svg  ${Math.ceil(svg.length / 1_000)} KB`);
}
