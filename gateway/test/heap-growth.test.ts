// Reloads and changes at run time leave nothing behind: memory stays flat, however many there are.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { Engine } from '../src/engine.ts';
import { readAuthority } from '../src/message/authority.ts';
import { SILENT } from '../src/observation/silent-log.ts';
import { resolved } from './resolved.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const BACKENDS = Array.from({ length: 200 }, (_, i) => `http://10.0.${i >> 8}.${i & 255}:8080`);
/** Less than what 60 engines of this size have, each about 190 KB. */
const MAX_GROWTH = 4_000_000;

const engines: Engine[] = [];

afterEach(() => {
  for (const engine of engines.splice(0)) engine.destroy();
});

function anEngine(headersMs = 5_000): Engine {
  const engine = new Engine(configOf(headersMs), SILENT, () => ({ open: 0, accepted: 0, refused: 0 }));
  engine.start();
  engines.push(engine);
  return engine;
}

/** Another time limit of the pool, and so another engine for it. */
function configOf(headersMs: number) {
  return resolved({ pools: { shop: { backends: BACKENDS, timeouts: { headersMs } } } });
}

/** Bytes of the heap after a garbage collection. */
async function heapUsed(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

/** Bytes by which the heap grows while a step is repeated, after a first time. */
async function growthOf(times: number, step: (i: number) => unknown): Promise<number> {
  for (let i = 0; i < 10; i++) await step(i);
  const before = await heapUsed();
  for (let i = 0; i < times; i++) await step(i);
  return (await heapUsed()) - before;
}

describe('the heap stays flat', () => {
  it('over reloads that replace the engine of a pool', async () => {
    const engine = anEngine();
    expect(await growthOf(60, (i) => engine.change(configOf(1_000 + i)))).toBeLessThan(MAX_GROWTH);
  });

  it('over reloads that change the backends of a pool', async () => {
    const engine = anEngine();
    const growth = await growthOf(60, (i) =>
      engine.change(
        resolved({
          pools: { shop: { backends: [...BACKENDS, `http://10.1.0.${i}`], timeouts: { headersMs: 5_000 } } },
        }),
      ),
    );
    expect(growth).toBeLessThan(MAX_GROWTH);
  });

  it('over backends that are added, drained and removed at run time', async () => {
    const { control } = anEngine();
    const growth = await growthOf(300, async (i) => {
      const backend = `http://10.2.${(i >> 8) & 255}.${i & 255}:8080`;
      await control.change({ type: 'add', pool: 'shop', backend: { url: backend } });
      await control.change({ type: 'drain', pool: 'shop', backend });
      await control.change({ type: 'remove', pool: 'shop', backend });
    });
    expect(growth).toBeLessThan(MAX_GROWTH);
  });

  it('over hosts that clients invent, in heads as large as they may be', async () => {
    const growth = await growthOf(500, (i) => {
      const host = `host-${i}.example.test`;
      const head = Buffer.from(`${host}${'x'.repeat(32_768)}`).toString('latin1');
      expect(readAuthority(head.slice(0, host.length))?.host).toBe(host);
    });
    expect(growth).toBeLessThan(MAX_GROWTH);
  });
});
