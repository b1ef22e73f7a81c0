// The command `npm run pictures`: runs every preset and writes its picture for the docs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PresetName, presets, simulate } from 'evenkeel/simulator';
import { refuseOptions } from '../../bench/command.ts';
import { pictureOf } from './picture.ts';
import { SHOWN } from './shown.ts';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
refuseOptions('pictures', 'Runs every preset of the simulator and writes its picture for the docs.');
mkdirSync(folder, { recursive: true });
for (const [name, { scenario }] of Object.entries(presets)) {
  const svg = pictureOf(await simulate(scenario), SHOWN[name as PresetName]);
  writeFileSync(`${folder}${name}.svg`, svg);
  console.log(`docs/pictures/${name}.svg  ${Math.ceil(svg.length / 1_000)} KB`);
}
