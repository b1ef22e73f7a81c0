// Each preset can be run, and teaches something. `npm run verify presets` holds the figures against full
// runs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLAIMS, figuresIn, Look } from '../../bench/verify/preset-claims.ts';
import { type PresetName, presets, simulate } from '../../src/simulator/index.ts';

describe.each(Object.entries(presets))('the preset %s', (name, { title, lesson, scenario }) => {
  it('runs, is named, and has a figure for each one that its lesson tells', async () => {
    expect(scenario.name).toBe(name);
    expect(title.length).toBeGreaterThan(10);
    const result = await simulate({
      ...scenario,
      requests: 500,
      measure: { ...scenario.measure, placements: 1 },
    });
    expect(result.contenders.length).toBeGreaterThan(1);
    const told = figuresIn(lesson);
    const units = (figures: readonly string[]) => figures.map((figure) => figure.replace(/^[\d.]+ /, ''));
    expect(units(CLAIMS[name as PresetName](new Look(result)))).toEqual(units(told));
    // A scenario file can say all of it.
    expect(JSON.stringify(scenario)).not.toContain('undefined');
  });
});

it('the figures of a lesson are its shares, times and ratios', () => {
  expect(figuresIn('50 backends, 5.3 % and 999 ms; 1.49 times its share, five times as slow, 2 ms.')).toEqual(
    ['5.3 %', '999 ms', '1.49 times', '2 ms'],
  );
});

it('the page on the simulator lists every preset', () => {
  const page = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8').replaceAll(
    / +/g,
    ' ',
  );
  for (const [name, { title }] of Object.entries(presets))
    expect(page).toContain(`| \`${name}\` | ${title} |`);
});
