import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configTypes } from './config-types.ts';
import { defaultConfigSource } from './default-config-source.ts';
import { gatewayJsonSchema, schemaTree } from './json-schema.ts';

// `npm run schema`. The files are committed, so that the package has them for editors; tests compare them
// with the schema.
const path = fileURLToPath(new URL('../../schema/gateway.schema.json', import.meta.url));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, `${JSON.stringify(gatewayJsonSchema(), undefined, 2)}\n`);
console.log(`wrote ${path}`);
const types = fileURLToPath(new URL('gateway-config-input.ts', import.meta.url));
writeFileSync(types, configTypes(schemaTree()));
console.log(`wrote ${types}`);
const defaults = fileURLToPath(new URL('default-config.ts', import.meta.url));
writeFileSync(defaults, defaultConfigSource());
console.log(`wrote ${defaults}`);
