// Gives both packages one version, and the gateway its pin to the library: npm run set-version 1.2.3
import { readFileSync, writeFileSync } from 'node:fs';

const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
  console.error(`the version must be like 1.2.3 or 1.2.3-rc.1, got ${JSON.stringify(version)}`);
  process.exit(1);
}

const root = new URL('../', import.meta.url);

function edit(path, change) {
  const file = new URL(path, root);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

const json = (change) => (text) => {
  const value = JSON.parse(text);
  change(value);
  return `${JSON.stringify(value, null, 2)}\n`;
};

function setGateway(manifest) {
  manifest.version = version;
  manifest.dependencies.evenkeel = version;
}

edit(
  'package.json',
  json((manifest) => {
    manifest.version = version;
  }),
);
edit('gateway/package.json', json(setGateway));
edit(
  'package-lock.json',
  json((lock) => {
    lock.version = version;
    lock.packages[''].version = version;
    setGateway(lock.packages.gateway);
  }),
);
edit('gateway/src/version.ts', (text) => text.replace(/'[^']*'/, `'${version}'`));
