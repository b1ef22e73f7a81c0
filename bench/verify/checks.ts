// The list of all checks, in the order in which they run.

import type { Check } from './check.ts';
import { clientsCheck } from './clients/check.ts';
import { commandCheck } from './command-check.ts';
import { discoveryCheck } from './discovery-check.ts';
import { distanceCheck } from './distance-check.ts';
import { examplesCheck } from './examples-check.ts';
import { fleetCheck } from './fleet/fleet-check.ts';
import { presetsCheck } from './presets-check.ts';
import { realityCheck } from './reality-check.ts';
import { restartsCheck } from './restarts/check.ts';
import { routesCheck } from './routes-check.ts';
import { runtimesCheck } from './runtimes-check.ts';
import { shutdownCheck } from './shutdown/check.ts';
import { soakCheck } from './soak-check.ts';
import { suitesCheck } from './suites-check.ts';
import { takeoverCheck } from './takeover/check.ts';

export const CHECKS: readonly Check[] = [
  commandCheck('ordinary', 'everyday situations on a virtual clock', 'bench/ordinary/main.ts'),
  commandCheck('chaos', 'one fault after the other on a virtual clock', 'bench/chaos/main.ts'),
  presetsCheck,
  restartsCheck,
  takeoverCheck,
  shutdownCheck,
  soakCheck,
  clientsCheck,
  routesCheck,
  distanceCheck,
  commandCheck(
    'papers',
    'figures of papers, and every strategy against its reference',
    'bench/papers/main.ts',
  ),
  realityCheck,
  discoveryCheck,
  fleetCheck,
  examplesCheck,
  runtimesCheck,
  commandCheck('conformance', 'HTTP of the gateway, case by case', 'gateway/test/conformance/main.ts', [
    '--failures',
  ]),
  suitesCheck,
  commandCheck('robustness', 'the gateway under attack', 'bench/robustness/main.ts'),
];
