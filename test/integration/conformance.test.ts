import { describe, expect, it } from 'vitest';
import type { Case } from '../conformance/case.ts';
import { cases } from '../conformance/cases/index.ts';
import { judge } from '../conformance/runner.ts';
import { evenkeel } from '../conformance/targets/evenkeel.ts';

/** As the command has it: what differs on purpose must differ, everything else must pass. */
async function holds(candidate: Case): Promise<void> {
  const { verdict, note } = await judge(candidate, evenkeel);
  expect({ verdict, note: verdict === 'FAIL' ? note : '' }).toEqual({
    verdict: expect.stringMatching(/^(pass|differs)$/),
    note: '',
  });
}

const some = (which: (candidate: Case) => boolean) => cases.filter(which);

describe('the gateway, case by case', () => {
  // Vitest runs five at a time; those that only wait for time-outs would hold up the others.
  describe.concurrent('of all that can be run side by side', () => {
    it.each(some(({ alone }) => !alone))('$id $title', { timeout: 60_000 }, holds);
  });

  describe('of all that flood or weigh, one after the other', () => {
    it.each(some(({ alone }) => alone === true))('$id $title', { timeout: 60_000 }, holds);
  });
});
