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
  const row = parts.backendRow(dom, formats, pictures, actions);
  const section = parts.poolSection({ dom, formats, pictures, actions, row, track: makeTrack });
  const showPools = dom.list<PoolItem>(dom.find('#pool-list'), ({ pool }) => pool.name, section);
  parts.explainForm(dom, api, parts.explanationView(dom, formats));

  const content = dom.find('#content');
  const pause = dom.find('#pause');
  const signOut = dom.find('#sign-out');
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
    dom.find('#waiting').hidden = true;
    content.hidden = false;
    pause.hidden = false;
    signOut.hidden = !api.hasToken();
    overview.update(report, at);
    showPools(stats.pools.map((pool) => ({ pool, at })));
    dom.find('#no-pools').hidden = stats.pools.length > 0;
    showEvents(stats.events);
    overview.showConnection(poller.isRunning() ? 'live' : 'paused', isReady);
    if (notices.hideGone()) notices.tell('The gateway answers again.');
  }

  function onFailure({ status, message }: ApiError, retryMs: number): void {
    if (status === 401) return;
    const reason = status === undefined ? `The page cannot show what came: ${message}` : message;
    const age = shownAt === '' ? '' : ` What is shown is from ${shownAt}.`;
    overview.showConnection('gone', isReady);
    const again = poller.isRunning() ? ` Next try in ${formats.duration(retryMs)}.` : '';
    notices.showGone(`${reason[0]?.toUpperCase()}${reason.slice(1)}.${age}${again}`);
  }

  function onUnauthorized(hadToken: boolean): void {
    isSignedOut = true;
    poller.stop();
    api.setToken(undefined);
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    dom.find('#waiting').hidden = true;
    for (const node of [content, pause, signOut]) node.hidden = true;
    notices.hideGone();
    gate.ask(hadToken);
  }

  function onToken(token: string): void {
    isSignedOut = false;
    api.setToken(token);
    poller.start();
    showPause();
  }

  function showPause(): void {
    dom.setText(pause, poller.isRunning() ? 'Pause' : 'Continue');
    overview.showConnection(poller.isRunning() ? 'live' : 'paused', isReady);
  }

  pause.addEventListener('click', () => {
    if (poller.isRunning()) poller.stop();
    else poller.start();
    showPause();
  });
  signOut.addEventListener('click', () => onUnauthorized(false));
  dom.find('#retry').addEventListener('click', poller.ask);
  poller.start();
}
