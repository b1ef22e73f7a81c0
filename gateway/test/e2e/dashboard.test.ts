import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { AdminStandIn } from './admin-stand-in.ts';
import { hasChromium, startChromium } from './browser.ts';
import {
  aBackend,
  aFleet,
  aGateway,
  aMixedGateway,
  aPool,
  aSource,
  explained,
  latency,
} from './gateway-figures.ts';
import { lowContrasts, overflowing } from './page-checks.ts';

const NAME = hasChromium ? 'the dashboard' : 'the dashboard (SKIPPED: there is no /usr/bin/chromium here)';
if (!hasChromium) console.warn(`${NAME}: Debian's package chromium has it`);

/** What a browser says of refused calls and connections, which some tests want. */
const EXPECTED = /^Failed to load resource: (the server responded with a status of 4|net::ERR_)/;
const HOSTILE = '<img src=x onerror="document.title=1"></script><script>document.title=1</script>';

describe.skipIf(!hasChromium)(NAME, () => {
  let browser: Browser;
  let admin: AdminStandIn;
  /** Errors on the console, those of the content security policy among them, and requests to elsewhere. */
  let faults: string[];

  beforeAll(async () => {
    browser = await startChromium();
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    faults = [];
    admin = new AdminStandIn();
    admin.stats = aMixedGateway;
    await admin.start();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await admin.stop();
    expect(faults).toEqual([]);
  });

  /** @param prepare - what to do before anything is loaded */
  async function open(
    options: BrowserContextOptions = {},
    prepare: (page: Page) => Promise<void> = async () => {},
    origin = admin.url,
  ): Promise<Page> {
    const viewport = { width: 1280, height: 900 };
    const context = await browser.newContext({ viewport, timezoneId: 'UTC', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      const isFault = message.type() === 'error' || message.type() === 'warning';
      if (isFault && !EXPECTED.test(message.text())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => {
      const isOwn = request.url().startsWith(origin) || request.url().startsWith('data:');
      if (!isOwn) faults.push(`asked for ${request.url()}`);
    });
    await prepare(page);
    await page.goto(origin);
    return page;
  }

  /** The page with its first figures. */
  async function openLive(...how: Parameters<typeof open>): Promise<Page> {
    const page = await open(...how);
    await page.locator('#content').waitFor();
    return page;
  }

  /** What is to be seen of the first one: nothing where it is hidden, or not there. */
  const textOf = async (page: Page, selector: string) =>
    (await page.locator(selector).first().allInnerTexts()).join('');
  const soon = (page: Page, selector: string) =>
    expect.poll(() => textOf(page, selector), { timeout: 8_000, interval: 50 });
  const rowOf = (id: string) => `tr:has(.name:text-is("${id}"))`;
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const focused = (page: Page) =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
    );
  const dialog = (page: Page) => page.locator('dialog[open]');
  const polls = () => admin.targets.filter((target) => target === '/stats').length;

  it('shows the gateway, backends in every state, and what happened last', async () => {
    const page = await openLive();
    expect(await textOf(page, '#ready')).toBe('Ready');
    expect(await textOf(page, '#facts')).toMatch(/^version 0.1.0\s+up 2 h 5 min\s+2 workers\s+Node 20.20.2$/);
    expect(await textOf(page, '.tile:nth-child(3)')).toMatch(/connections\s+214\s+9,999 accepted, 1 refused/);
    expect(await textOf(page, '.pool h2')).toBe('Pool shop');
    expect(await textOf(page, '.pool')).toContain('3 of 4 backends out');
    expect(await textOf(page, '.pool')).toMatch(
      /consistent-hash · 5 in flight · 2,030 keys · 1 of 3 gateways differ · fingerprint 5f3a9c1e/,
    );
    expect(await textOf(page, rowOf('a'))).toMatch(/http:\/\/a.test:8080\s+Up\s+[–0]\s+1.2M in all\s+3\s/);
    expect(await textOf(page, rowOf('a'))).toMatch(/812\s+ring 40.0 %/);
    expect(await textOf(page, rowOf('b'))).toMatch(/Down\s+connect ECONNREFUSED/);
    expect(await textOf(page, rowOf('c'))).toMatch(/Draining\s+2 left/);
    expect(await textOf(page, rowOf('d'))).toMatch(/zone eu-1 · backup\s+Barred/);
    expect(await textOf(page, rowOf('e'))).toMatch(/2\s+now 0.5/);
    const bar = page.getByRole('img', {
      name: 'Homes of keys on the ring: a 40.0 %, b 30.0 %, c 20.0 %, d 10.0 %',
    });
    expect(await bar.isVisible()).toBe(true);
    expect(await page.locator('.panic:visible').count()).toBe(1);
    expect(await page.locator('#event-list li').allInnerTexts()).toEqual([
      expect.stringMatching(/^14 Nov 2023, 22:14:20\s+down\s+b is down pool shop$/),
      expect.stringMatching(/^14 Nov 2023, 22:13:20\s+reloaded\s+read again/),
    ]);
    expect(await page.title()).toBe('3 out · evenkeel');
  });

  it('shows what changes from second to second', async () => {
    let requests = 0;
    let isDown = false;
    admin.stats = () => {
      const seen = (requests += 1_000);
      const busy = aBackend('a', {
        requests: seen,
        errors: seen / 4,
        latency: latency([
          [2, seen],
          [40, seen],
        ]),
      });
      const pool = aPool('shop', isDown ? [{ ...busy, state: 'down' }, aBackend('new')] : [busy]);
      return aGateway([pool], { events: [] });
    };
    const page = await openLive();
    await soon(page, rowOf('a')).toMatch(
      /Up\s+\d,?\d\d\d\s+[\d,]+ in all\s+0\s+25.0 %\s+[\d,]+ in all\s+40 ms/,
    );
    expect(await page.locator(`${rowOf('a')} polyline`).getAttribute('points')).toMatch(/(^| )60,/);
    await button(page, 'Weight a').focus();
    isDown = true;
    await soon(page, rowOf('new')).toContain('Up');
    expect(await textOf(page, rowOf('a'))).toContain('Down');
    // What stays is not made anew.
    expect(await focused(page)).toBe('Weight a');
  });

  it('shows the gateways of a fleet side by side, and marks the one that differs', async () => {
    const page = await openLive();
    const fleet = page.locator('.fleet').first();
    expect(await textOf(page, '.fleet')).toMatch(
      /Gateways of the fleet\s+1 of 3 differ\s+30 keys shared · 12 taken over from others · 2 backends checked here · 1 disputed · 1 gateway with other checks · 4,211 calls of the store, 2 failed/,
    );
    const rows = fleet.locator('li');
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringMatching(/^This one\s+edge-1:8080\s+5f3a9c1e08d2b477\s+4 backends, 4 processes$/),
      expect.stringMatching(/^Agrees\s+edge-2:8080\s+5f3a9c1e08d2b477\s+4 backends$/),
      expect.stringMatching(
        /^Differs\s+edge-3:8080\s+0b71d4e2c95a6f38\s+3 backends\s+Lacks d; b has weight 2, here weight 1\.$/,
      ),
    ]);
    expect(await page.locator('.fleet:visible').count()).toBe(1);
    admin.stats = () =>
      aGateway([aPool('shop', [aBackend('a')], { fleet: { ...aFleet, connected: false } })]);
    await soon(page, '.fleet .state').toBe('Store away');
    const agreeing = { ...aFleet, differing: 0, gateways: aFleet.gateways.slice(0, 2) };
    admin.stats = () => aGateway([aPool('shop', [aBackend('a')], { fleet: agreeing })]);
    await soon(page, '.fleet .state').toBe('All agree');
    expect(await rows.count()).toBe(2);
  });

  it('shows where backends come from, and which source is in trouble', async () => {
    const page = await openLive();
    expect(await page.locator('.sources').first().locator('li').allInnerTexts()).toEqual([
      expect.stringMatching(
        /^Current\s+redis shop\s+4 backends\s+last good answer 2 s ago\s+version 17 of epoch 1k2j · 17 answers · 0 refused · 0 errors$/,
      ),
      expect.stringMatching(/^Holding\s+dns shop.internal\s+4 backends, 3 of them held/),
      expect.stringMatching(
        /^Failing\s+kubernetes shop\s[\s\S]*12 min 34 s ago[\s\S]*31 errors\s+The API answers with status 403\.$/,
      ),
      expect.stringMatching(/^Starting\s+etcd shop\s+0 backends\s+no good answer yet\s+0 answers/),
    ]);
    expect(await page.locator('.sources:visible').count()).toBe(1);
  });

  it('adds a backend, and says next to the fields why it could not', async () => {
    const page = await openLive();
    admin.change = () => ({
      status: 400,
      body: { message: 'url must be an http or https URL, got "nonsense"' },
    });
    await button(page, 'Add a backend to pool shop').click();
    await page.getByLabel('URL').fill('nonsense');
    await button(page, 'Add').click();
    await soon(page, 'dialog [role="alert"]').toBe('Url must be an http or https URL, got "nonsense"');
    admin.change = () => ({ status: 201, body: {} });
    await page.getByLabel('URL').fill('http://10.0.0.7:8080');
    await dialog(page).getByLabel('Id').fill('seven');
    await dialog(page).getByLabel('Weight').fill('0.5');
    await page.keyboard.press('Enter');
    await soon(page, '#notice-text').toBe('seven is added to pool shop.');
    expect(await dialog(page).count()).toBe(0);
    expect(admin.calls.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      { method: 'POST', path: '/backends', body: { pool: 'shop', url: 'nonsense' } },
      {
        method: 'POST',
        path: '/backends',
        body: { pool: 'shop', url: 'http://10.0.0.7:8080', id: 'seven', weight: 0.5 },
      },
    ]);
    for (const { headers } of admin.calls) {
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-evenkeel-admin': '1' });
    }
  });

  it('drains, resumes and weighs a backend, and says why it could not', async () => {
    const page = await openLive();
    await button(page, 'Drain a').click();
    await soon(page, '#notice-text').toBe('a is draining.');
    await button(page, 'Resume c').click();
    await soon(page, '#notice-text').toBe('c takes requests again.');
    await button(page, 'Weight c').click();
    expect(await dialog(page).getByLabel('Weight').inputValue()).toBe('2');
    await dialog(page).getByLabel('Weight').fill('3.5');
    await button(page, 'Save').click();
    await soon(page, '#notice-text').toBe('The weight of c is 3.5.');
    admin.change = () => ({ status: 404, body: { message: 'pool shop has no backend "a"' } });
    await button(page, 'Drain a').click();
    await soon(page, '#notice-alert').toBe('Drain a: pool shop has no backend "a"');
    expect(admin.calls.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      { method: 'POST', path: '/drain', body: { pool: 'shop', id: 'a' } },
      { method: 'POST', path: '/resume', body: { pool: 'shop', id: 'c' } },
      { method: 'POST', path: '/weight', body: { pool: 'shop', id: 'c', weight: 3.5 } },
      { method: 'POST', path: '/drain', body: { pool: 'shop', id: 'a' } },
    ]);
  });

  it('removes a backend once that is confirmed', async () => {
    const page = await openLive();
    await button(page, 'Remove b').click();
    expect(await textOf(page, 'dialog[open] h2')).toBe('Remove b from pool shop?');
    expect(await focused(page)).toBe('Cancel');
    await page.keyboard.press('Escape');
    expect(await dialog(page).count()).toBe(0);
    expect(await focused(page)).toBe('Remove b');
    expect(admin.calls).toEqual([]);
    await button(page, 'Remove b').click();
    admin.stats = () => aGateway([aPool('shop', [aBackend('a')])]);
    await button(page, 'Remove').click();
    await soon(page, '#notice-text').toBe('b is removed from pool shop.');
    await page.locator(rowOf('b')).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Add a backend to pool shop');
    expect(admin.calls).toMatchObject([{ method: 'DELETE', path: '/backends?pool=shop&id=b' }]);
    expect(admin.calls[0]?.headers['x-evenkeel-admin']).toBe('1');
  });

  it('asks for the token where one is needed, keeps it for the tab and forgets it', async () => {
    admin.token = 'a-token-of-some-length';
    const page = await open();
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await soon(page, '#token-error').toBe('That was not the right token.');
    expect(await page.locator('#content').isVisible()).toBe(false);
    await page.getByLabel('Token').fill(admin.token);
    await page.keyboard.press('Enter');
    await page.locator('#content').waitFor();
    await page.reload();
    await page.locator('#content').waitFor();
    await button(page, 'Drain a').click();
    await soon(page, '#notice-text').toBe('a is draining.');
    expect(admin.calls[0]?.headers.authorization).toBe('Bearer a-token-of-some-length');
    await button(page, 'Sign out').click();
    await page.reload();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  it('explains where a request would go', async () => {
    admin.explain = () => explained;
    const page = await openLive();
    const form = page.locator('#explain');
    await form.getByLabel('Path').fill('/cart?id=7');
    await form.getByLabel('Host').fill('shop.test');
    await form.getByLabel('Method').fill('POST');
    await form.getByLabel('Header').fill('X-User: ann & bob');
    await form.getByLabel('Client address').fill('203.0.113.7');
    await button(page, 'Explain').click();
    await soon(page, '#explanation-summary').toBe(
      'POST /cart?id=7 goes to a (pool shop, by the route /cart).',
    );
    const query = new URLSearchParams(admin.calls[0]?.path.split('?').slice(1).join('?'));
    expect(Object.fromEntries(query)).toEqual({
      path: '/cart?id=7',
      host: 'shop.test',
      method: 'POST',
      header: 'X-User: ann & bob',
      clientAddress: '203.0.113.7',
    });
    expect(await textOf(page, '#explanation dl')).toMatch(
      /0xabcdef12 \(2882400018\)\s+Position\s+67.1 % around/,
    );
    expect(await textOf(page, '#explanation dl')).toMatch(
      /b \(remembered; it is full.*\s.*factor 1.25, z 1/s,
    );
    expect(await page.locator('#explanation tbody tr').allInnerTexts()).toEqual([
      'a\tpicked\t3 / 5\t812 / 1,021',
      'b\tfull 5/5\t5 / 5\t9 / no limit',
    ]);
    admin.explain = () => ({ route: undefined, explanation: undefined });
    await button(page, 'Explain').click();
    await soon(page, '#explanation-summary').toMatch(/ fits no route and is answered 404\.$/);
    expect(await page.locator('#explanation').isVisible()).toBe(false);
  });

  it('says that the gateway is gone, asks again less and less often, and recovers', async () => {
    const page = await openLive({}, (blank) => blank.clock.install());
    await admin.stop();
    await page.clock.pauseAt(Date.now() + 3_600_000);
    await soon(page, '#gone-text').toMatch(
      /^The gateway does not answer\. The figures shown are from \d\d:\d\d:\d\d\.$/,
    );
    expect(await textOf(page, '#ready')).toBe('No answer');
    expect(await page.locator(rowOf('a')).isVisible()).toBe(true);
    for (const seconds of [1, 2, 4, 8]) {
      await soon(page, '#gone-retry').toBe(`Next try in ${seconds} s.`);
      // In two steps, so that a wait that is too short is noticed.
      await page.clock.runFor(seconds * 1_000 - 1);
      expect(await textOf(page, '#gone-retry')).toBe(`Next try in ${seconds} s.`);
      await page.clock.runFor(1);
    }
    await soon(page, '#gone-retry').toBe('Next try in 15 s.');
    await admin.start();
    await button(page, 'Try now').click();
    await soon(page, '#notice-text').toBe('The gateway answers again.');
    expect(await textOf(page, '#ready')).toBe('Ready');
    expect(await textOf(page, '#gone-text')).toBe('');
  });

  it('asks nothing while it is paused or out of sight', async () => {
    const page = await openLive({}, (blank) => blank.clock.install());
    const pollsInAnHour = async () => {
      // What is on its way arrives.
      await page.evaluate(() => fetch('probe'));
      const before = polls();
      await page.clock.fastForward(3_600_000);
      await page.evaluate(() => fetch('probe'));
      return polls() - before;
    };
    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    /** Does something while an answer is on its way. */
    const meanwhile = async (act: () => Promise<unknown>) => {
      const before = polls();
      const answer = new Promise<void>((resolve) => {
        admin.stats = async () => {
          await act();
          resolve();
          return aMixedGateway();
        };
      });
      await page.clock.fastForward(1_000);
      await answer;
      admin.stats = aMixedGateway;
      expect(polls()).toBeGreaterThan(before);
    };
    expect(await pollsInAnHour()).toBeGreaterThan(0);
    await meanwhile(() => button(page, 'Pause').click());
    expect(await pollsInAnHour()).toBe(0);
    await soon(page, '#ready').toBe('Paused');
    await button(page, 'Continue').click();
    await soon(page, '#ready').toBe('Ready');
    await meanwhile(() => hide(true));
    expect(await pollsInAnHour()).toBe(0);
    await hide(false);
    expect(await pollsInAnHour()).toBeGreaterThan(0);
  });

  it('can be used by keyboard alone', async () => {
    const page = await openLive();
    const order: (string | null | undefined)[] = [];
    for (let stop = 0; stop < 6; stop++) {
      await page.keyboard.press('Tab');
      order.push(await focused(page));
    }
    expect(order).toEqual(['Pools', 'Events', 'Explain', 'Pause', 'Add a backend to pool shop', 'Drain a']);
    expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).toBe(
      'solid',
    );
    await page.keyboard.press('Enter');
    await soon(page, '#notice-text').toBe('a is draining.');
    expect(await focused(page)).toBe('Drain a');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.type('http://10.0.0.9');
    expect(await page.getByLabel('URL').inputValue()).toBe('http://10.0.0.9');
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('Add a backend to pool shop');
    expect(admin.calls).toHaveLength(1);
  });

  it.each(['light', 'dark'] as const)('can be read in its %s colours', async (colorScheme) => {
    admin.explain = () => explained;
    const page = await openLive({ colorScheme, reducedMotion: 'reduce' });
    await button(page, 'Explain').click();
    await page.locator('#explanation').waitFor();
    await button(page, 'Drain a').click();
    await page.locator('#notice-text:not(:empty)').waitFor();
    expect(await lowContrasts(page)).toEqual([]);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(244, 246, 248)' : 'rgb(15, 19, 25)');
    await admin.stop();
    await page.locator('#gone-text:not(:empty)').waitFor();
    expect(await lowContrasts(page)).toEqual([]);
  });

  it('needs no scrolling sideways, however narrow the page and long the names', async () => {
    const long = `http://${'a-long-name.'.repeat(20)}test:8080`;
    const backends = [aBackend(long, { url: long, checkFailure: 'x'.repeat(200), state: 'down' })];
    const busy = {
      requests: 98_765,
      errors: 98_765,
      keys: 98_765,
      spills: 98_765,
      activeConnections: 98_765,
    };
    backends.push(aBackend('y'.repeat(300), { ...busy, share: 0.123, weight: 0.333, currentWeight: 0.123 }));
    const event = {
      at: 1_700_000_000_000,
      pool: 'shop',
      type: 'down',
      backend: long,
      message: `${long} is down`,
    };
    const [first, , differing] = aFleet.gateways;
    const fleet = {
      ...aFleet,
      gateways: [first, { ...differing, gateway: 'g'.repeat(200), difference: `lacks ${long}, ${long}` }],
    } as typeof aFleet;
    const discovery = [aSource('s'.repeat(200), { version: 'v'.repeat(100), trouble: 't'.repeat(300) })];
    admin.stats = () => aGateway([aPool('shop', backends, { fleet, discovery })], { events: [event] });
    const longer = JSON.parse(JSON.stringify(explained).replaceAll('"a"', JSON.stringify(long)));
    admin.explain = () => longer;
    const page = await openLive();
    await button(page, 'Explain').click();
    await page.locator('#explanation').waitFor();
    const widths = [1280, 1220, 1000, 800, 400, 320];
    const atEach = async () => {
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        expect.soft(await overflowing(page), `at ${width} pixels`).toEqual([]);
      }
    };
    await atEach();
    await button(page, 'Add a backend to pool shop').click();
    await atEach();
  });

  it('takes hostile names for text', async () => {
    const pool = aPool(
      'shop',
      [aBackend(HOSTILE, { url: HOSTILE, zone: HOSTILE, checkFailure: HOSTILE, state: 'down' })],
      {
        strategy: HOSTILE,
        fingerprint: HOSTILE,
        discovery: [aSource(HOSTILE, { version: HOSTILE, epoch: HOSTILE, trouble: HOSTILE })],
        fleet: {
          ...aFleet,
          gateways: aFleet.gateways.map((one, i) => ({
            ...one,
            gateway: `${HOSTILE}${i}`,
            fingerprint: HOSTILE,
            difference: HOSTILE,
          })),
        },
      },
    );
    const event = { at: 0, pool: HOSTILE, type: HOSTILE, backend: HOSTILE, message: HOSTILE };
    admin.stats = () => aGateway([pool], { version: HOSTILE, events: [event] });
    admin.change = () => ({ status: 409, body: { message: HOSTILE } });
    const page = await openLive();
    expect(await textOf(page, '.name')).toBe(HOSTILE);
    await button(page, `Drain ${HOSTILE}`).click();
    await soon(page, '#notice-alert').toBe(`Drain ${HOSTILE}: ${HOSTILE}`);
    await button(page, `Remove ${HOSTILE}`).click();
    await button(page, 'Remove').click();
    await soon(page, 'dialog[open] [role="alert"]').toBe(HOSTILE);
    expect(await page.locator('img, script').count()).toBe(1);
    expect(await page.title()).toBe('evenkeel');
    expect(admin.calls[1]?.path).toBe(`/backends?${new URLSearchParams({ pool: 'shop', id: HOSTILE })}`);
  });

  it('lets text become neither markup nor code, whatever a mistake of its own does', async () => {
    const page = await openLive();
    const refused = await page.evaluate(() => {
      const script = document.createElement('script');
      const attempts = [() => (document.body.innerHTML = '<b>'), () => (script.text = 'document.title = 1')];
      return attempts.filter((attempt) => {
        try {
          return attempt() === undefined;
        } catch {
          return true;
        }
      }).length;
    });
    expect(refused).toBe(2);
    expect(faults.splice(0).join()).toContain('TrustedHTML');
  });

  it('shows pools without backends, and a gateway without pools', async () => {
    admin.stats = () => aGateway([aPool('empty', [])], { ready: false });
    const page = await openLive();
    expect(await textOf(page, '#ready')).toBe('Not ready');
    expect(await textOf(page, '.empty')).toBe(
      'This pool has no backend: every request to it gets status 503.',
    );
    expect(await page.locator('table:visible').count()).toBe(0);
    admin.stats = () => aGateway([]);
    await soon(page, '#pools').toBe('There is no pool.');
  });

  it('shows a hundred backends, and finds some by a filter', async () => {
    const many = Array.from({ length: 100 }, (_, i) =>
      aBackend(`node-${i}`, { share: 0.01, state: i % 50 === 7 ? 'down' : 'up' }),
    );
    admin.stats = () => aGateway([aPool('big', many)]);
    const page = await openLive();
    expect(await page.locator('tbody tr:visible').count()).toBe(100);
    expect(await page.getByRole('img').first().getAttribute('aria-label')).toMatch(
      /^Homes .*: 100 backends, from 1.0 % /,
    );
    await page.getByLabel('Filter the backends of pool big').fill('down');
    expect(await page.locator('tbody tr:visible .name').allInnerTexts()).toEqual(['node-7', 'node-57']);
  });

  it('works with a gateway', async () => {
    const token = 'a-token-of-some-length';
    const gateway = createGateway({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      admin: { host: '127.0.0.1', port: 0, token },
      pools: { shop: { backends: [{ url: 'http://127.0.0.1:1', id: 'a' }], health: false } },
      routes: [{ pool: 'shop' }],
    });
    const address = (await gateway.listen()).at(-1);
    try {
      const page = await open({}, undefined, `http://127.0.0.1:${address?.port}/`);
      await page.getByLabel('Token').fill(token);
      await page.keyboard.press('Enter');
      await soon(page, rowOf('a')).toContain('Up');
      await button(page, 'Drain a').click();
      await soon(page, rowOf('a')).toMatch(/Draining\s+drained/);
      await button(page, 'Add a backend to pool shop').click();
      await page.getByLabel('URL').fill('nonsense');
      await page.keyboard.press('Enter');
      await soon(page, 'dialog [role="alert"]').toMatch(
        /^Url must be host:port, :port, unix:\/path, or an http or https URL .*, got "nonsense"$/,
      );
      await page.getByLabel('URL').fill('http://127.0.0.1:2');
      await page.keyboard.press('Enter');
      await soon(page, rowOf('http://127.0.0.1:2')).toContain('Up');
      await button(page, 'Remove a').click();
      await button(page, 'Remove').click();
      await soon(page, '#event-list').toContain('a was removed');
      await button(page, 'Explain').click();
      await soon(page, '#explanation-summary').toBe(
        'GET / goes to http://127.0.0.1:2 (pool shop, by the route /).',
      );
    } finally {
      await gateway.close(0);
    }
  });
});
