// The page on strategies says what the presets say, whose figures tests hold against their runs.
import { existsSync, readFileSync } from 'node:fs';
import { presets, simulate } from 'evenkeel/simulator';
import { describe, expect, it } from 'vitest';
import { strategies } from '../../src/strategies/registry.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('strategies.md', DOCS), 'utf8');
const plain = page.replaceAll(/\s+/g, ' ');

describe('the page on strategies', () => {
  it.each(Object.entries(presets))('has the lesson of %s, and its picture', (name, { lesson }) => {
    expect(plain).toContain(lesson);
    expect(page).toContain(`(pictures/${name}.svg)`);
    expect(existsSync(new URL(`pictures/${name}.svg`, DOCS))).toBe(true);
  });

  it('advises on every strategy that asks for no report alone', () => {
    const table = page.slice(page.indexOf('## In short'), page.indexOf('`hash-mod-n` and'));
    // `random` is what others are compared with.
    const missing = Object.keys(strategies).filter((name) => !table.includes(`\`${name}\``));
    expect(missing).toEqual(['random']);
  });

  it('names presets that run', async () => {
    const [, name = ''] = /npx evenkeel simulate (\S+)/.exec(page) ?? [];
    const { scenario } = presets[name as keyof typeof presets];
    expect((await simulate({ ...scenario, requests: 100 })).requests).toBe(100);
  });
});
