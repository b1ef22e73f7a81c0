import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type StrategyName, strategies, systemEnv } from '../src/index.ts';
import { hashKey, isKeyedStrategy } from '../src/internal.ts';
import { aBackend } from './support.ts';

/*
 * Where 1,000 keys live, frozen: an upgrade must not move anybody's keys unnoticed. To move them on purpose,
 * run with UPDATE_GOLDEN=1 and say so in the changelog.
 */
const FILE = new URL('./golden.json', import.meta.url);
const BACKENDS = ['http://10.0.0.1:8080', 'http://10.0.0.2:8080', 'https://example.org/base', 'née', '節点'];
const KEYS = Array.from(
  { length: 1_000 },
  (_, i) => ['', '/a', '/ключ/', '\ud800', '/x?y='][i % 5] + String(i),
);

function placements(name: StrategyName): string {
  const strategy = strategies[name].factory(systemEnv);
  if (!isKeyedStrategy(strategy)) throw new Error(`${name} has no homes`);
  strategy.update(BACKENDS.map((id, slot) => aBackend(id, slot, { weight: 1 + slot / 2 })));
  return KEYS.map((key) => strategy.home(hashKey(key, 0))?.slot).join('');
}

const golden: Record<string, string> = JSON.parse(readFileSync(FILE, 'utf8'));

describe('golden placements', () => {
  it.each(['consistent-hash', 'maglev', 'rendezvous'] as const)('of %s stay where they are', (name) => {
    if (process.env.UPDATE_GOLDEN === '1') {
      golden[name] = placements(name);
      writeFileSync(FILE, `${JSON.stringify(golden, null, 2)}\n`);
    }
    expect(placements(name)).toBe(golden[name]);
  });
});
