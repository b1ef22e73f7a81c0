import { describe, expect, it } from 'vitest';
import { strategies } from '../../../src/index.ts';
import {
  BALANCER_DEFAULTS,
  BREAKER_DEFAULTS,
  EJECTION_DEFAULTS,
  FAILOVER_DEFAULTS,
  HEALTH_DEFAULTS,
  QUEUE_DEFAULTS,
  SLOW_START_DEFAULTS,
} from '../../../src/internal.ts';
import { pool } from '../../src/config/pool-schema.ts';

/** A pool that turns everything on, with all defaults. */
const written = pool.parse({
  backends: [],
  health: {},
  ejection: {},
  circuitBreaker: {},
  slowStart: {},
  retries: {},
  queue: {},
});

describe('the defaults of a pool', () => {
  it('are those of the engine, every one of them', () => {
    const { strategy, seed, bounds, pool: whole } = BALANCER_DEFAULTS;
    expect(written).toMatchObject({ strategy, seed, bounds, ...whole });
    expect(written.ejection).toEqual(EJECTION_DEFAULTS);
    expect(written.circuitBreaker).toEqual(BREAKER_DEFAULTS);
    expect(written.slowStart).toEqual(SLOW_START_DEFAULTS);
    expect(written.retries).toEqual(FAILOVER_DEFAULTS);
    expect(written.queue).toEqual(QUEUE_DEFAULTS);
  });

  it('are those of the checks', () => {
    const { request, expect: expected, fastIntervalMs: _, ...others } = HEALTH_DEFAULTS;
    expect(written.health).toEqual({
      ...others,
      request: { ...request, headers: {} },
      expect: { ...expected, workload: {} },
    });
  });

  it('may name every strategy', () => {
    for (const strategy of Object.keys(strategies))
      expect(pool.parse({ backends: [], strategy }).strategy).toBe(strategy);
  });
});
