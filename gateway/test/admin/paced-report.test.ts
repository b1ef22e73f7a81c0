import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PacedReport } from '../../src/admin/paced-report.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A report that takes so many milliseconds, and tells how many were made. */
function aReport(tookMs: number) {
  const made: number[] = [];
  const report = new PacedReport(async () => {
    made.push(performance.now());
    await new Promise((resolve) => setTimeout(resolve, tookMs));
    return `report ${made.length}`;
  });
  return { report, made };
}

describe('PacedReport', () => {
  it('makes a report at once for the first who asks', async () => {
    const { report, made } = aReport(10);
    const first = report.get();
    await vi.advanceTimersByTimeAsync(10);
    expect(await first).toBe('report 1');
    expect(made).toHaveLength(1);
  });

  it('makes one for all who ask while another is made, after a rest of nine times as long', async () => {
    const { report, made } = aReport(10);
    void report.get();
    await vi.advanceTimersByTimeAsync(1);
    const late = Array.from({ length: 50 }, () => report.get());
    await vi.advanceTimersByTimeAsync(98);
    expect(made).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(made).toHaveLength(2);
    expect(new Set(await Promise.all(late))).toEqual(new Set(['report 2']));
  });

  it('takes a tenth of the time, however many ask', async () => {
    const { report, made } = aReport(10);
    for (let ms = 0; ms < 2_000; ms++) {
      void report.get();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(made.length).toBeGreaterThan(10);
    expect(made.length).toBeLessThanOrEqual(21);
  });

  it('rests for a second at the most', async () => {
    const { report, made } = aReport(5_000);
    void report.get();
    await vi.advanceTimersByTimeAsync(5_000);
    void report.get();
    await vi.advanceTimersByTimeAsync(1_001);
    expect(made).toHaveLength(2);
  });

  it('never gives what was made before it was asked for', async () => {
    let figure = 1;
    const report = new PacedReport(async () => String(figure));
    expect(await report.get()).toBe('1');
    figure = 2;
    const next = report.get();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await next).toBe('2');
  });

  it('goes on after one that failed', async () => {
    const answers = [new Error('no'), 'yes'];
    const report = new PacedReport(async () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer as string;
    });
    await expect(report.get()).rejects.toThrow('no');
    const next = report.get();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await next).toBe('yes');
  });
});
