import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cases } from './cases/index.ts';
import { catalogue } from './catalogue.ts';
import { differences } from './differences.ts';
import { elsewhere } from './elsewhere.ts';
import { differencesTable, elsewhereTable } from './tables.ts';

const ROOT = join(import.meta.dirname, '../../..');
const run = cases.map(({ id }) => id);
const left = elsewhere.flatMap(({ ids }) => ids);

const twice = (ids: readonly string[]) => ids.filter((id, i) => ids.indexOf(id) !== i);

describe('the catalogue', () => {
  it('has no gaps: every case is run, or there is a reason why not', () => {
    const missing = catalogue.filter((id) => !run.includes(id) && !left.includes(id));
    expect(missing).toEqual([]);
  });

  it('has every case once, and no others', () => {
    expect(twice([...run, ...left])).toEqual([]);
    expect([...run, ...left].filter((id) => !catalogue.includes(id))).toEqual([]);
    expect(catalogue).toHaveLength(466);
  });

  it('names the tests of what is proven elsewhere', () => {
    const named = elsewhere.flatMap(({ by = [] }) => by);
    expect(named.filter((name) => !run.includes(name) && !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it('has differences of cases that are run', () => {
    expect(differences.map(({ id }) => id).filter((id) => !run.includes(id))).toEqual([]);
  });

  it('says what each case is about', () => {
    expect(cases.filter(({ title }) => title.length < 4)).toEqual([]);
    expect(twice(cases.map(({ title }) => title))).toEqual([]);
  });

  it('stands in the documentation as it is', () => {
    // However wide the columns are.
    const narrow = (text: string) => text.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
    const page = narrow(readFileSync(join(ROOT, 'gateway/docs/conformance.md'), 'utf8'));
    expect(page).toContain(narrow(differencesTable(differences)));
    expect(page).toContain(narrow(elsewhereTable(elsewhere)));
    expect(page).toContain(`${cases.length} of the ${catalogue.length} cases`);
  });
});
