import { describe, expect, it } from 'vitest';
import { StateHistory } from '../../src/observation/state-history.ts';

function aHistory() {
  const time = { steady: 5_000, wall: 1_700_000_000_000 };
  const history = new StateHistory({ steady: { now: () => time.steady }, wall: { now: () => time.wall } });
  const pass = (ms: number) => {
    time.steady += ms;
    time.wall += ms;
  };
  return { history, time, pass };
}

describe('the history of a backend', () => {
  it('begins with nothing: the backend is up and has never changed', () => {
    const { history, pass } = aHistory();
    pass(1_000);
    history.see('up');
    expect([history.lastChangeAt, history.downSeconds]).toEqual([undefined, 0]);
  });

  it('tells when the state changed last, in wall time', () => {
    const { history, pass } = aHistory();
    pass(250);
    history.see('down');
    expect(history.lastChangeAt).toBe(1_700_000_000_250);
    pass(250);
    history.see('down');
    expect(history.lastChangeAt).toBe(1_700_000_000_250);
    history.see('draining');
    expect(history.lastChangeAt).toBe(1_700_000_000_500);
  });

  it('adds up the time in the state down alone, the time until now included', () => {
    const { history, pass } = aHistory();
    history.see('down');
    pass(1_500);
    expect(history.downSeconds).toBe(1.5);
    history.see('barred');
    pass(10_000);
    expect(history.downSeconds).toBe(1.5);
    history.see('down');
    pass(500);
    history.see('up');
    pass(10_000);
    expect(history.downSeconds).toBe(2);
  });

  it('measures the time down with the steady clock: a wall clock that is set back changes nothing', () => {
    const { history, time, pass } = aHistory();
    history.see('down');
    pass(2_000);
    time.wall -= 3_600_000;
    history.see('up');
    expect(history.downSeconds).toBe(2);
  });
});
