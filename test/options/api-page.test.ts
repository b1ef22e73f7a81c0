// Every exported name is documented in a page, and the pages name nothing else.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENTRIES, publicNames } from './public-names.ts';

const PAGES = ['docs/api.md', 'gateway/docs/api.md'].map((page) =>
  readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8'),
);

/** The names in the tables of an entry's section. */
function documented(entry: string): string[] {
  const sections = PAGES.flatMap((page) => page.split(/^## /m).slice(1));
  const section = sections.find((text) => text.startsWith(`\`${entry}\`\n`)) ?? '';
  return [...section.matchAll(/^\| `(\w+)` +\| (?:type|value) +\| \S/gm)].map(([, name]) => name as string);
}

describe.each(Object.keys(ENTRIES))('%s', (entry) => {
  it('has each of its names in the page, and no others', () => {
    const names = publicNames(entry).map(({ name }) => name);
    expect(documented(entry).sort()).toEqual([...new Set(names)].sort());
  });
});

it('the main entry stays at about 90 names', () => {
  expect(publicNames('evenkeel').length).toBeLessThanOrEqual(100);
});
