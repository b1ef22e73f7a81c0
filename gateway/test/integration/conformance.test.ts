import { beforeAll, describe, expect, it } from 'vitest';
import type { Case } from '../conformance/case.ts';
import { cases } from '../conformance/cases/index.ts';
import { judge, type Outcome } from '../conformance/runner.ts';
import { evenkeel } from '../conformance/targets/evenkeel.ts';

/** As the command has it: what differs on purpose must differ, everything else must pass. */
function holds({ verdict, note }: Outcome): void {
  expect(verdict === 'pass' || verdict === 'differs', note).toBe(true);
}

const some = (which: (candidate: Case) => boolean) => cases.filter(which);

describe('the gateway, case by case', () => {
  const waiting = some(({ alone, slow }) => slow === true && !alone);
  const outcomes = new Map<string, Promise<Outcome>>();

  // They do little but wait for time-outs: all of them do so beside the others.
  beforeAll(() => {
    for (const candidate of waiting) outcomes.set(candidate.id, judge(candidate, evenkeel));
  });

  describe.concurrent('side by side', () => {
    it.each(some(({ alone, slow }) => !alone && !slow))(
      '$id $title',
      { timeout: 60_000 },
      async (candidate) => {
        holds(await judge(candidate, evenkeel));
      },
    );
  });

  describe('one after the other, where they flood or weigh', () => {
    it.each(some(({ alone }) => alone === true))('$id $title', { timeout: 60_000 }, async (candidate) => {
      holds(await judge(candidate, evenkeel));
    });
  });

  describe('with time-outs', () => {
    it.each(waiting)('$id $title', { timeout: 60_000 }, async ({ id }) => {
      holds((await outcomes.get(id)) as Outcome);
    });
  });
});
