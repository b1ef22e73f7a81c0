// The reports of a simulation as text: the terminal's, CSV, and what the page says without its script.
import { describe, expect, it } from 'vitest';
import { csvReport } from '../../src/report/csv-report.ts';
import { milliseconds, moment, percent, ratio } from '../../src/report/figure-text.ts';
import { htmlReport } from '../../src/report/html-report.ts';
import { scaleOf, sparkline } from '../../src/report/sparkline.ts';
import { terminalReport } from '../../src/report/terminal-report.ts';
import { madeResult } from './made-result.ts';

const PLAIN = { columns: 80, hasColors: false };
const CONTEXT = { command: 'evenkeel simulate hello', version: '0.2.0' };
const HOSTILE = '</script><img src=x onerror="alert(1)">=1+1\u001b[31m';

describe('the terminal report', () => {
  it.each([80, 100, 132, 400])('fits a terminal of %i columns', (columns) => {
    const labels = ['consistent-hash', 'a contender with a very long label of its own', 'rr'];
    const text = terminalReport(madeResult({ labels }), { columns, hasColors: false });
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
    expect(text).toContain('a contender with');
    expect(text).not.toContain('\u001b');
  });

  it('takes 80 columns where there are fewer, or where nothing is known', () => {
    expect(terminalReport(madeResult(), { columns: 0, hasColors: false })).toBe(
      terminalReport(madeResult(), PLAIN),
    );
  });

  it('marks the best of each column, and all that are as good', () => {
    const lines = terminalReport(madeResult(), PLAIN).split('\n');
    const row = (label: string) => lines.find((line) => line.startsWith(label)) ?? '';
    expect(row('consistent-hash')).toMatch(/ 3\.00\* +25\.0\* +480 /);
    expect(row('least-connections')).toMatch(/ 6\.00 +50\.0\* +960 /);
    expect(row('round-robin')).not.toContain('*');
  });

  it('shows errors over time where there are any, else the time of slow requests', () => {
    expect(terminalReport(madeResult(), PLAIN)).toContain('errors over time, from 0 % to 30.0 %');
    expect(terminalReport(madeResult({ hasErrors: false }), PLAIN)).toContain('p99 over time, from ');
  });

  it('puts each event below its moment', () => {
    const lines = terminalReport(madeResult(), PLAIN).split('\n');
    const marks = lines.find((line) => /^ +1 +2$/.test(line)) ?? '';
    const chart = lines.find((line) => line.startsWith('round-robin') && line.includes('▁')) ?? '';
    // The crash begins at a third of the run.
    const [from, to] = [chart.indexOf('▁'), chart.lastIndexOf('▁')];
    expect((marks.indexOf('1') - from) / (to - from)).toBeCloseTo(1 / 3, 1);
    expect(lines).toContain('  1     20.0 s  b1 crashes (reset)');
  });

  it('has colours only if it may', () => {
    expect(terminalReport(madeResult(), { ...PLAIN, hasColors: true })).toContain('\u001b[1;32m');
  });

  it('says that a run ended early', () => {
    expect(terminalReport({ ...madeResult(), isComplete: false }, PLAIN)).toContain('Ended early');
  });

  it('shows no column for caches that there are not', () => {
    const result = madeResult();
    const contenders = result.contenders.map((one) => ({ ...one, figures: { ...one.figures, hits: null } }));
    const text = terminalReport({ ...result, contenders }, PLAIN);
    expect(text).not.toContain('hits ');
  });

  it('lets no label write control characters', () => {
    expect(terminalReport(madeResult({ labels: [HOSTILE, 'b'] }), PLAIN)).not.toContain('\u001b');
  });
});

describe('a sparkline', () => {
  it('is as wide as asked, with the largest value of each part', () => {
    expect(sparkline([0, 0, 8, 0], 2, { low: 0, high: 8, isLogarithmic: false })).toBe('▁█');
  });

  it('leaves gaps where nothing is known', () => {
    expect(sparkline([1, null, 8], 3, { low: 1, high: 8, isLogarithmic: false })).toBe('▁ █');
  });

  it('is logarithmic where values are far apart', () => {
    const scale = scaleOf([[1, 10, null], [100]]);
    expect(scale).toEqual({ low: 1, high: 100, isLogarithmic: true });
    expect(sparkline([1, 10, 100], 3, scale)).toBe('▁▅█');
  });

  it('can be of nothing, and of one value', () => {
    expect(scaleOf([[null]])).toEqual({ low: 0, high: 1, isLogarithmic: false });
    expect(sparkline([5, 5], 9, scaleOf([[5, 5]]))).toBe('▁▁');
  });
});

describe('CSV', () => {
  it('has a row for each contender, with the mean and range of each figure', () => {
    const [head, ...rows] = csvReport(madeResult()).split('\r\n');
    expect(head).toMatch(/^contender,strategy,meanMs,meanMsLeast,meanMsMost,p50Ms,/);
    expect(rows[1]?.split(',').slice(0, 5)).toEqual([
      'least-connections',
      'least-connections/160',
      '9',
      '8.1',
      '9.9',
    ]);
    expect(rows.at(-1)).toBe('');
  });

  it('cannot be taken for a formula, and quotes what must be quoted', () => {
    const text = csvReport(madeResult({ labels: ['=1+1', 'a "b", c', '-x'] }));
    expect(text).toContain("\r\n'=1+1,");
    expect(text).toContain('\r\n"a ""b"", c",');
    expect(text).toContain("\r\n'-x,");
  });
});

describe('the page', () => {
  it('asks nothing of anybody, and no text of a scenario becomes markup', () => {
    const html = htmlReport(madeResult({ labels: [HOSTILE, 'b'] }), {
      ...CONTEXT,
      command: HOSTILE,
      scenario: HOSTILE,
      lesson: HOSTILE,
    });
    expect(html.match(/<(?:script|link|img|a)\b[^<>]*\s(?:src|href)=(?!"(?:#|data:,))/g)).toBeNull();
    expect(html.match(/<img/g)).toBeNull();
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).toContain("default-src 'none'");
  });

  it('has the figures in its markup, readable without its script', () => {
    const html = htmlReport(madeResult(), { ...CONTEXT, lesson: 'A lesson.' });
    for (const text of ['A lesson.', '<span class="value">6.00</span>', 'b1 crashes (reset)', '5.40 to 6.60'])
      expect(html).toContain(text);
    expect(html).toContain('evenkeel simulate hello');
  });

  it('has no play without a trace', () => {
    expect(htmlReport(madeResult({ trace: 0 }), CONTEXT)).not.toContain('Slow motion');
  });

  it('stays under 2 MB with seven contenders, a hundred backends and the first 2,000 requests of each', () => {
    const labels = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const html = htmlReport(madeResult({ labels, backends: 100, trace: 2_000 }), CONTEXT);
    expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
  });
});

describe('figures as text', () => {
  it.each([
    [0, '0.00'],
    [6.412, '6.41'],
    [9.996, '10.0'],
    [25.04, '25.0'],
    [99.96, '100'],
    [1_234.4, '1,234'],
    [Number.NaN, '-'],
  ])('%d ms: %s', (value, text) => expect(milliseconds(value)).toBe(text));

  it.each([
    [0, '0'],
    [1, '100'],
    [0.81364, '81.4'],
    [0.0123, '1.23'],
    [0.00001, '<0.01'],
    [0.99999, '>99.99'],
  ])('a share of %d: %s', (share, text) => expect(percent(share)).toBe(text));

  it.each([
    [850, '850 ms'],
    [12_340, '12.3 s'],
    [125_000, '2 min 5 s'],
    [11_520_000, '3 h 12 min'],
  ])('%d ms of a run: %s', (ms, text) => expect(moment(ms)).toBe(text));

  it('a ratio has three digits', () => {
    expect([ratio(1.4321), ratio(12.34), ratio(123.4)]).toEqual(['1.43', '12.3', '123']);
  });
});
