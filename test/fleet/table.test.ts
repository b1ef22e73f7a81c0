// The sums of a large fleet, and the page that has them.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fleetTable } from '../../scripts/fleet-table.ts';

/** The cells of the row that begins so, within a part of the table. */
function row(table: string, part: string, what: string): string[] {
  const [, after = ''] = table.split(`\n${part}\n`);
  const line = after.split('\n').find((text) => text.trim().startsWith(`${what}  `)) ?? '';
  return line.trim().split(/ {2,}/).slice(1);
}

it('stand in the page as the script prints them', () => {
  const page = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
  const shown = /^```text\n(1,000 gateways.*?)^```$/ms.exec(page)?.[1];
  expect(shown).toBe(fleetTable({ gateways: 1_000, backends: 100_000, part: 1_000 }));
});

it('are right for a small fleet', () => {
  const table = fleetTable({ gateways: 8, backends: 40, part: 10 });
  expect(row(table, 'a gateway', 'connections, one to each')).toEqual(['40', '10', '10']);
  expect(row(table, 'a backend', 'connections')).toEqual(['8', '2', '2']);
  expect(row(table, 'all together', 'connections')).toEqual(['320', '80', '80']);
  expect(row(table, 'all together', 'checks/s, by each gateway')).toEqual(['32', '8', '8']);
  expect(row(table, 'all together', 'checks/s, by two of many')).toEqual(['8', '8', '8']);
  const store = 'a store (one, or one for each cell)';
  expect(row(table, store, 'their beats/s')).toEqual(['8', '8', '2']);
  expect(row(table, store, 'beats of gateways told/s')).toEqual(['56', '56', '2']);
});
