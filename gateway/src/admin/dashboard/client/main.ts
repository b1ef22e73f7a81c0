import type { ApiError, Report } from './admin-api.ts';
import type { Parts } from './parts.ts';
import type { PoolItem } from './pool-section.ts';

/** Puts the page's script together and starts it. */
export function main(parts: Parts): void {
  const dom = parts.dom();
  const formats = parts.formats();
  const pictures = parts.pictures(dom, formats);
  const notices = parts.notices(dom);
  const api = parts.adminApi(onUnauthorized);
  const gate = parts.signIn(dom, onToken);
  const poller = parts.poller({ load: api.stats, onReport, onFailure });
  const makeTrack = parts.tracks();
  const overview = parts.overview(dom, formats, pictures, makeTrack);
  const showEvents = parts.eventList(dom, formats);
  const actions = parts.backendActions({
    dom,
    api,
    notices,
    dialogs: parts.dialogs(dom),
    onChange: poller.ask,
  });
  const row = parts.backendRow({ dom, formats, pictures, actions, cellsIn: parts.figureCells(dom, formats) });
  const section = parts.poolSection({ dom, formats, pictures, actions, row, track: makeTrack });
  const showPools = dom.list<PoolItem>(dom.find('#pool-list'), ({ pool }) => pool.name, section);
  parts.explainForm(dom, api, parts.explanationView(dom, formats));

  const waiting = dom.find('#waiting');
  const pause = dom.find('#pause');
  const signOut = dom.find('#sign-out');
  const signedIn = ['#content', '#facts', '#nav', '#pause'].map((selector) => dom.find(selector));
  let isSignedOut = false;
  let isReady = false;
  let shownAt = '';

  function onReport(report: Report): void {
    if (isSignedOut) return;
    const { stats } = report;
    const at = performance.now();
    isReady = stats.ready;
    shownAt = formats.moment(Date.now());
    gate.hide();
    waiting.hidden = true;
    for (const node of signedIn) node.hidden = false;
    signOut.hidden = !api.hasToken();
    overview.update(report, at);
    showPools(stats.pools.map((pool) => ({ pool, at, now: report.now })));
    dom.find('#no-pools').hidden = stats.pools.length > 0;
    showEvents(stats.events);
    overview.showConnection(poller.isRunning() ? 'live' : 'paused', isReady);
    if (notices.hideGone()) notices.tell('The gateway answers again.');
  }

  function onFailure({ status, message }: ApiError, retryMs: number): void {
    if (isSignedOut) return;
    const reason = status === undefined ? `The page cannot show what came: ${message}` : message;
    const age = shownAt === '' ? '' : ` What is shown is from ${shownAt}.`;
    overview.showConnection('gone', isReady);
    const again = poller.isRunning() ? `Next try in ${formats.duration(retryMs)}.` : '';
    notices.showGone(`${reason[0]?.toUpperCase()}${reason.slice(1)}.${age}`, again);
  }

  function onUnauthorized(hadToken: boolean): void {
    isSignedOut = true;
    poller.stop();
    api.setToken(undefined);
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    for (const node of [...signedIn, waiting, signOut]) node.hidden = true;
    notices.hideGone();
    overview.showConnection('locked', isReady);
    gate.ask(hadToken);
  }

  function onToken(token: string): void {
    isSignedOut = false;
    api.setToken(token);
    poller.start();
    dom.setText(pause, 'Pause');
  }

  pause.addEventListener('click', () => {
    if (poller.isRunning()) {
      poller.stop();
      overview.showConnection('paused', isReady);
    } else poller.start();
    dom.setText(pause, poller.isRunning() ? 'Pause' : 'Continue');
  });
  signOut.addEventListener('click', () => onUnauthorized(false));
  dom.find('#retry').addEventListener('click', poller.ask);
  poller.start();
}
