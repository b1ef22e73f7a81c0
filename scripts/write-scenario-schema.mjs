// A part of `npm run schema`.
import { writeFileSync } from 'node:fs';
import { SCENARIO_SCHEMA, scenarioSchema } from './scenario-schema.mjs';

writeFileSync(SCENARIO_SCHEMA, scenarioSchema());
console.log(`wrote ${SCENARIO_SCHEMA}`);
