import { describe, expect, it } from 'vitest';
import { backendTable } from '../../src/admin/dashboard/backend-columns.ts';
import { figureFamilies } from '../../src/admin/figure-families.ts';
import { BACKEND_FIGURES, type BackendSource } from '../../src/observation/backend-figures.ts';
import { figuresOf, mergeFigures, readFigures } from '../../src/observation/figure.ts';
import { backendSource, newBackendStats } from './figures.ts';
import { figuresPage } from './figures-page.ts';

/** The table with one entry more. */
const WIDER = {
  ...BACKEND_FIGURES,
  resets: figuresOf<BackendSource>().counter({
    help: 'Connections that the backend reset.',
    metric: { name: 'evenkeel_backend_resets_total' },
    cell: { column: 'Resets', format: 'count', words: '{} resets' },
    read: ({ meter }) => meter.requests + 1,
  }),
};

describe('a new figure of a backend', () => {
  it('is one entry: statistics, merge, metrics and dashboard have it', () => {
    const stats = readFigures(WIDER, backendSource('a'));
    expect(stats.resets).toBe(1);
    expect(mergeFigures(WIDER, [stats], [stats, { ...stats, resets: 5 }]).resets).toBe(6);
    const family = figureFamilies(WIDER).find(({ name }) => name === 'evenkeel_backend_resets_total');
    expect(family).toMatchObject({ type: 'counter', help: 'Connections that the backend reset.' });
    expect(family?.samples({ resets: 3 })).toEqual([{ labels: {}, value: 3 }]);
    const { headings, cells, cols } = backendTable(WIDER);
    expect(headings).toMatch(/>Resets<\/th>$/);
    expect(cells).toContain('data-words="{} resets" data-figure="resets" data-format="count"></span>');
    expect(cols.split('<col').length).toBe(backendTable().cols.split('<col').length + 1);
  });
});

describe('the table of the dashboard', () => {
  it('hides what says nothing: a figure that is 0, or equal to another one', () => {
    const { cells } = backendTable();
    const hidden = [...cells.matchAll(/data-figure="(\w+)"[^>]* data-hidden-at="(\w+)"/g)];
    expect(hidden.map(([, name, at]) => `${name} at ${at}`)).toEqual([
      'downSeconds at 0',
      'currentWeight at weight',
    ]);
  });
});

describe('the page of figures', () => {
  it('is what the tables say', async () => {
    await expect(figuresPage()).toMatchFileSnapshot('../../docs/figures.md');
  });
});

describe('figures of a backend over workers', () => {
  const merged = (...downSeconds: number[]) => {
    const workers = downSeconds.map((one) => newBackendStats('a', { downSeconds: one }));
    return mergeFigures(BACKEND_FIGURES, workers.slice(0, -1), workers).downSeconds;
  };

  it('take the longest time down that a worker saw, also one that has ended', () => {
    expect(merged(3, 8, 5)).toBe(8);
    expect(merged(3, 5, 8)).toBe(8);
  });

  it('take the last change of state, and none if no worker saw one', () => {
    const seen = [undefined, 20, 10].map((at) => newBackendStats('a', { lastStateChangeAt: at }));
    expect(mergeFigures(BACKEND_FIGURES, seen, seen).lastStateChangeAt).toBe(20);
    const [never] = seen;
    expect(
      mergeFigures(BACKEND_FIGURES, [never as never], [never as never]).lastStateChangeAt,
    ).toBeUndefined();
  });
});
