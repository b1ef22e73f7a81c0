import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Events } from '../../src/balancer/events.ts';
import { DOWN, DRAINING, FIRST_GUARD, type Member } from '../../src/balancer/member.ts';
import { Pool } from '../../src/balancer/pool.ts';
import { Trials } from '../../src/balancer/trials.ts';

const HEALTH = FIRST_GUARD;
const BUSY = FIRST_GUARD << 1;
const OTHER = FIRST_GUARD << 2;

const step = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      op: fc.constant('reason' as const),
      which: fc.nat(),
      reason: fc.constantFrom(DOWN, DRAINING, HEALTH, BUSY, OTHER),
      on: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('add' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('scale' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('lease' as const), which: fc.nat() }) },
);

const aPool = (panicRatio: number): Pool => {
  const trials = new Trials({ now: () => 0 });
  const pool = new Pool({
    panicRatio,
    zoned: true,
    events: new Events(),
    trials,
    membersChanged: () => {},
    isBehind: () => {},
    left: () => {},
    // biome-ignore lint/correctness/useYield: there are no tables
    *forget(left) {
      return left;
    },
  });
  pool.declare(HEALTH, { isHealth: true, isBusy: false });
  pool.declare(BUSY, { isHealth: false, isBusy: true });
  return pool;
};

const enter = (pool: Pool, i: number, weight: number): Member => {
  const id = `b${i}`;
  const traits = { weight, zone: i % 2 === 0 ? 'even' : undefined, backup: i % 5 === 4 };
  return pool.enter({
    id,
    url: `http://${id}`,
    address: `http://${id}`,
    concurrency: undefined,
    ...traits,
  });
};

function setMembers(pool: Pool, members: readonly Member[]): void {
  const before = pool.members;
  const added = members.filter((member) => !before.includes(member));
  pool.alter({ members, added, removed: before.filter((member) => !members.includes(member)) }, false);
}

/** Everything that the pool keeps as it changes, counted once more from what its members say. */
function checkAgainstRecount(pool: Pool, panicRatio: number, tolerance = 1e-9) {
  const primary = pool.members.filter(({ tier }) => !tier.backup);
  const isInService = ({ reasons }: Member) => (reasons & ~(DOWN | HEALTH | BUSY)) === 0;
  const isHealthy = ({ reasons }: Member) => (reasons & ~BUSY) === 0;
  const healthy = primary.filter(isHealthy).length;
  const inService = primary.filter(isInService).length;
  const backups = pool.members.filter((member) => member.tier.backup && isHealthy(member)).length;
  const panic = inService - healthy > panicRatio * inService && (healthy > 0 || backups === 0);
  expect(pool.panic).toBe(panic);
  const classes = [0, HEALTH, DOWN | HEALTH];
  const inClass = classes.map((ignored) => (member: Member) => (member.reasons & ~(ignored | BUSY)) === 0);
  const inUse = inClass.findIndex((rule) => pool.members.some(rule));
  const level = panic ? 2 : Math.max(0, inUse);
  expect(pool.trust).toBe(level);
  const isEligible = ({ reasons }: Member) => (reasons & ~(classes[level] as number)) === 0;
  const weightOf = (members: readonly Member[]) => members.reduce((sum, { weight }) => sum + weight, 0);
  const wellWeight = weightOf(primary.filter(isHealthy));
  const half = weightOf(primary.filter(isInService)) / 2;
  const everyone = pool.members.filter(isHealthy);
  const isExhausted = everyone.length > 0 && everyone.every(({ reasons }) => (reasons & BUSY) !== 0);
  // Of sums that are equal but for rounding, either is right.
  if (Math.abs(wellWeight - half) > 1e-6)
    expect(pool.isCrisis).toBe((healthy < inService && wellWeight < half) || isExhausted);
  const isBusy = (tried: readonly Member[]) => {
    const left = pool.members.filter((member) => !tried.includes(member));
    const asked = inClass.findIndex((rule) => left.some(rule));
    const rule = inClass[panic ? 2 : asked];
    return rule !== undefined && left.some((member) => rule(member) && (member.reasons & BUSY) !== 0);
  };
  for (const tried of [[], pool.members.slice(0, 1), pool.members.slice(1)]) {
    const left = pool.members.filter((member) => !tried.includes(member));
    const asked = inClass.findIndex((rule) => left.some(rule));
    if (!panic && asked >= 0) expect(pool.trustWithout(tried)).toBe(asked);
    if (asked >= 0) expect(pool.isBusy(tried)).toBe(isBusy(tried));
  }
  for (const member of pool.members) expect(pool.isEligible(member)).toBe(isEligible(member));
  for (const tier of pool.tiers) {
    const members = pool.members.filter((member) => member.tier === tier);
    const weigh = (some: Member[]) => some.reduce((sum, { weight }) => sum + weight, 0);
    const naive = [isInService, isHealthy, isEligible].map((rule) => members.filter(rule));
    expect([tier.countIn(2), tier.countIn(0)]).toEqual(naive.slice(0, 2).map(({ length }) => length));
    for (const [i, kept] of [tier.weight, tier.wellWeight, tier.eligibleWeight].entries()) {
      const weight = weigh(naive[i] as Member[]);
      // Nothing is nothing, not what rounding left over.
      if (weight === 0) expect(kept).toBe(0);
      else expect(Math.abs(kept / weight - 1)).toBeLessThan(tolerance);
      if (members.every((member) => Number.isInteger(member.weight))) expect(kept).toBe(weight);
    }
  }
}

describe('the sums of a pool', () => {
  it('equal a recount after every change', { timeout: 60_000 }, () => {
    const weight = fc.oneof(fc.constantFrom(1, 2, 7), fc.constantFrom(0.1, 0.3, 1e-3, 999.9));
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0, 0.3, 0.5, 1),
        fc.constantFrom(0, 0, 0, 520),
        fc.array(step, { maxLength: 200 }),
        (weights, panicRatio, more, steps) => {
          const pool = aPool(panicRatio);
          const gone: Member[] = [];
          setMembers(pool, [
            ...weights.map((one, i) => enter(pool, i, one)),
            ...Array.from({ length: more }, (_, i) => enter(pool, 1_000 + i, 1 + (i % 3))),
          ]);
          let next = weights.length;
          for (const one of steps) {
            const member = pool.members[one.which % (pool.members.length || 1)];
            if (one.op === 'add') setMembers(pool, [...pool.members, enter(pool, next++, 0.7)]);
            else if (member === undefined) continue;
            else if (one.op === 'reason') {
              // What left the pool is in no sum, whatever a guard still does to it.
              const target = gone.length > 0 && one.which % 7 === 0 ? (gone[0] as Member) : member;
              pool.setReason(target, one.reason, one.on);
            } else if (one.op === 'remove') {
              gone.unshift(member);
              setMembers(
                pool,
                pool.members.filter((other) => other !== member),
              );
            } else if (one.op === 'scale') pool.scale(new Map([[member, 0.1 + (one.which % 9) / 10]]));
            else pool.begin(member);
            checkAgainstRecount(pool, panicRatio);
          }
        },
      ),
      { numRuns: 40, verbose: 1 },
    );
  });

  it('do not drift in a million changes', () => {
    const pool = aPool(1);
    const members = Array.from({ length: 99 }, (_, i) => enter(pool, i, 0.1 + i / 7));
    setMembers(pool, members);
    let state = 1;
    for (let i = 0; i < 1_000_000; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
      const at = (state >>> 8) % members.length;
      pool.setReason(members[at] as Member, [DOWN, BUSY, OTHER][(state >>> 4) % 3] as number, state < 0);
    }
    checkAgainstRecount(pool, 1, 5e-15);
  });

  it('take who is busy for well: full backends are no reason for panic', () => {
    const pool = aPool(0.5);
    const members = Array.from({ length: 10 }, (_, i) => enter(pool, 2 * i + (i % 5 === 2 ? 1 : 0), 1));
    setMembers(pool, members);
    for (const member of members.slice(0, 2)) pool.setReason(member, DOWN, true);
    for (const member of members.slice(2)) pool.setReason(member, BUSY, true);
    expect(pool.panic).toBe(false);
  });
});
