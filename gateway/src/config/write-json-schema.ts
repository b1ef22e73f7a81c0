import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gatewayJsonSchema } from './json-schema.ts';

// `npm run schema`. The file is committed, so that the package has it for editors; a test compares it with
// the schema.
const path = fileURLToPath(new URL('../../schema/gateway.schema.json', import.meta.url));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, `${JSON.stringify(gatewayJsonSchema(), undefined, 2)}\n`);
console.log(`wrote ${path}`);
