import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { targets } from './targets/index.ts';

export const USAGE = `Usage: npm run conformance -- [options]

Sends raw bytes through an intermediary and judges what the backend and the client get.

  --target NAME     ${Object.keys(targets).join(', ')} (default evenkeel; peers must be installed)
  --only S01,S02    these cases
  --family S,K      these families
  --concurrency N   cases at a time, 1 to 32 (default 4)
  --failures        print only what fails
  --json            print JSON
  --help

Exit code 1 if a case fails, 2 if the command line is wrong.`;

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly failures: boolean;
  readonly target: string;
  readonly only: readonly string[];
  readonly families: readonly string[];
  readonly concurrency: number;
}

const listOf = (text: string | undefined) => (text === undefined ? [] : text.toUpperCase().split(','));

/** @throws Error that says what is wrong with the command line */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      failures: { type: 'boolean', default: false },
      target: { type: 'string', default: 'evenkeel' },
      only: { type: 'string' },
      family: { type: 'string' },
      concurrency: { type: 'string', default: '4' },
    },
  });
  const { help, json, failures, target } = values;
  if (!Object.hasOwn(targets, target))
    throw new Error(`--target must be one of ${Object.keys(targets).join(', ')}, got "${target}"`);
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 32)
    throw new Error(`--concurrency must be an integer from 1 to 32, got "${values.concurrency}"`);
  return {
    help,
    json,
    failures,
    target,
    only: listOf(values.only),
    families: listOf(values.family),
    concurrency,
  };
}

/** @throws Error where one was asked for that there is not */
export function chosen(cases: readonly Case[], { only, families }: Options): Case[] {
  const unknown = only.find((id) => !cases.some((candidate) => candidate.id === id));
  if (unknown !== undefined) throw new Error(`--only: there is no case ${unknown}`);
  const family = families.find((name) => !cases.some(({ id }) => id.charAt(0) === name));
  if (family !== undefined) throw new Error(`--family: there is no family ${family}`);
  if (only.length === 0 && families.length === 0) return [...cases];
  return cases.filter(({ id }) => only.includes(id) || families.includes(id.charAt(0)));
}
