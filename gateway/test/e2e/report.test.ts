// The HTML report in a browser: it draws, fits, can be read in both schemes and used by keyboard.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { htmlReport } from '../../src/report/html-report.ts';
import { madeResult } from '../report/made-result.ts';
import { hasChromium, startChromium } from './browser.ts';
import { lowContrasts, overflowing } from './page-checks.ts';

const NAME = hasChromium ? 'the report' : 'the report (SKIPPED: there is no /usr/bin/chromium here)';
if (!hasChromium) console.warn(`${NAME}: Debian's package chromium has it`);

describe.skipIf(!hasChromium)(NAME, () => {
  let browser: Browser;
  let folder: string;
  let file: string;
  /** Errors on the console, and requests for anything but the file. */
  let faults: string[] = [];

  beforeAll(async () => {
    browser = await startChromium();
    folder = mkdtempSync(join(tmpdir(), 'evenkeel-report-'));
    file = join(folder, 'report.html');
    const labels = ['consistent-hash', 'least-connections', 'round-robin', 'random', 'a', 'b', 'c', 'd', 'e'];
    const context = { command: 'evenkeel simulate hello', version: '0.2.0', scenario: 'backends: 10' };
    writeFileSync(file, htmlReport(madeResult({ labels }), context));
  });

  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const found = faults;
    faults = [];
    expect(found).toEqual([]);
  });

  async function open(
    width: number,
    colorScheme: 'light' | 'dark' = 'light',
    javaScriptEnabled = true,
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      javaScriptEnabled,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      const isOurs = !message.text().includes('willReadFrequently');
      if (isOurs && ['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    const own = pathToFileURL(file).href;
    page.on('request', (request) => {
      if (!request.url().startsWith(own) && !request.url().startsWith('data:'))
        faults.push(`asked for ${request.url()}`);
    });
    await page.goto(own);
    return page;
  }

  /** How many pixels of a canvas are not clear. */
  const inked = (page: Page, selector: string) =>
    page.evaluate((of) => {
      const canvas = document.querySelector<HTMLCanvasElement>(of);
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let count = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] !== 0) count++;
      return count;
    }, selector);

  it.each([1280, 400])('draws its pictures, and fits a window of %i', async (width) => {
    const page = await open(width);
    for (const canvas of ['#time-plot canvas', '#latency-plot canvas', '#map', '[data-canvas="0"]'])
      expect(await inked(page, canvas), canvas).toBeGreaterThan(500);
    // The tables scroll in themselves where a window is narrow.
    expect((await overflowing(page)).filter((name) => !name.endsWith('scroll'))).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('can be read in its %s colours', async (scheme) => {
    expect(await lowContrasts(await open(1280, scheme))).toEqual([]);
  });

  it('shows the figures without its script', async () => {
    const page = await open(1280, 'light', false);
    expect(await page.textContent('#figures tbody tr:nth-child(2)')).toContain('6.00');
    expect(await page.isVisible('noscript p')).toBe(true);
  });

  it('moves through time by keyboard, and says the figures', async () => {
    const page = await open(1280);
    await page.focus('#time-plot');
    await page.keyboard.press('Home');
    for (let i = 0; i < 22; i++) await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.textContent('#time .legend label:nth-child(2) output')).toBe('20.0 %');
    await page.keyboard.press('End');
    await expect.poll(() => page.textContent('#time .legend label:nth-child(2) output')).toBe('0 %');
  });

  it('sorts its table, plots another figure, and hides a contender', async () => {
    const page = await open(1280);
    const first = () => page.textContent('#figures tbody tr:first-child th');
    await page.click('#figures thead th:nth-child(8) button');
    expect(await first()).toBe('e');
    expect(await page.getAttribute('#figures thead th:nth-child(8)', 'aria-sort')).toBe('ascending');
    await page.selectOption('#series', 'p99Ms');
    expect(await page.textContent('#time-table caption')).toBe('p99, ms');
    expect(await page.textContent('#time-table tbody tr:first-child td')).toBe('20.0');
    const before = await inked(page, '#time-plot canvas');
    await page.uncheck('#time .legend label:nth-child(1) input');
    await expect.poll(() => inked(page, '#time-plot canvas')).not.toBe(before);
  });

  it('plays the first requests, stops, and goes to any moment', async () => {
    const page = await open(1280);
    const caption = () => page.textContent('[data-caption="0"]');
    expect(await caption()).toContain('1 requests');
    await page.click('#play-button');
    expect(await page.getAttribute('#play-button', 'aria-pressed')).toBe('true');
    await expect.poll(caption).not.toContain('1 requests');
    await page.click('#play-button');
    await page.focus('#play-time');
    await page.keyboard.press('End');
    expect(await caption()).toContain('200 requests');
    expect(await page.textContent('#play-clock')).toBe('398 ms of 398 ms');
  });
});
