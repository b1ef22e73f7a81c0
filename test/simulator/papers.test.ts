// Figures of papers that cost little to reproduce; `npm run papers` has all of them.
import { describe, expect, it } from 'vitest';
import { byKey } from '../../bench/papers/comparison.ts';
import { PUBLISHED } from '../../bench/papers/published.ts';

const CHEAP = ['moves', 'bounds', 'turns', 'homes'];
const groups = [...PUBLISHED, byKey].filter(({ name }) => CHEAP.includes(name));

describe.each(groups)('the papers: $name', ({ measure }) => {
  it('are reproduced', async () => {
    const rows = await measure();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ met }) => !met)).toEqual([]);
  });
});

it('all cheap groups are there', () => expect(groups).toHaveLength(CHEAP.length));
