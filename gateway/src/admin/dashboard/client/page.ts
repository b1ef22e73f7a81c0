// The page: what happens when figures come, fail to come, or need a token.
import { AdminApi, type ApiError, type Report } from './admin-api.ts';
import { BackendActions } from './backend-actions.ts';
import { find, sentence, setText } from './dom.ts';
import { EventList } from './event-list.ts';
import { ExplainForm } from './explain-form.ts';
import { ExplanationView } from './explanation-view.ts';
import { duration, moment } from './formats.ts';
import { KeyedList } from './keyed-list.ts';
import { GoneBanner, Notices } from './notices.ts';
import { Overview } from './overview.ts';
import { PageHead } from './page-head.ts';
import { Poller } from './poller.ts';
import { PoolSection } from './pool-section.ts';
import { SignIn } from './sign-in.ts';
import type { PoolItem } from './tracked-backends.ts';

/** What is shown while there are figures. */
const LIVE_PARTS = ['#content', '#facts', '#nav', '#pause'];

/** Puts the parts of the page together. */
export class Page {
  readonly #api = new AdminApi((hadToken) => this.#signOut(hadToken));
  readonly #poller = new Poller({
    load: () => this.#api.stats(),
    onReport: (report) => this.#onReport(report),
    onFailure: (error, retryMs) => this.#onFailure(error, retryMs),
  });
  readonly #signIn = new SignIn((token) => this.#onToken(token));
  readonly #notices = new Notices();
  readonly #gone = new GoneBanner(() => this.#poller.ask());
  readonly #head = new PageHead();
  readonly #overview = new Overview();
  readonly #events = new EventList();
  readonly #pools: KeyedList<PoolItem>;
  readonly #pauseButton = find('#pause');
  readonly #signOutButton = find('#sign-out');
  readonly #waiting = find('#waiting');
  readonly #liveParts = LIVE_PARTS.map((selector) => find(selector));
  #isSignedOut = false;
  #isReady = false;
  /** When the figures on the page came; empty if there are none. */
  #shownAt = '';

  constructor() {
    const actions = new BackendActions({
      api: this.#api,
      notices: this.#notices,
      onChange: () => this.#poller.ask(),
    });
    this.#pools = new KeyedList(
      find('#pool-list'),
      ({ pool }) => pool.name,
      (item) => new PoolSection(item, actions),
    );
    const explanation = new ExplanationView();
    new ExplainForm(this.#api, (result, asked) => explanation.show(result, asked));
    this.#pauseButton.addEventListener('click', () => this.#togglePause());
    this.#signOutButton.addEventListener('click', () => this.#signOut(false));
  }

  start(): void {
    this.#poller.start();
  }

  #onReport(report: Report): void {
    if (this.#isSignedOut) return;
    this.#isReady = report.stats.ready;
    this.#shownAt = moment(Date.now());
    this.#signIn.hide();
    this.#waiting.hidden = true;
    for (const part of this.#liveParts) part.hidden = false;
    this.#signOutButton.hidden = !this.#api.hasToken;
    this.#showFigures(report);
    this.#head.showConnection(this.#poller.isRunning ? 'live' : 'paused', this.#isReady);
    if (this.#gone.hide()) this.#notices.tell('The gateway answers again.');
  }

  #showFigures(report: Report): void {
    const { stats, now } = report;
    const at = performance.now();
    this.#head.update(report);
    this.#overview.update(stats, at);
    this.#pools.show(stats.pools.map((pool) => ({ pool, at, now })));
    find('#no-pools').hidden = stats.pools.length > 0;
    this.#events.show(stats.events);
  }

  #onFailure({ status, message }: ApiError, retryMs: number): void {
    if (this.#isSignedOut) return;
    // An error without a status is one of the page itself.
    const reason = status === undefined ? `The page cannot show the figures: ${message}` : message;
    const age = this.#shownAt === '' ? '' : ` The figures shown are from ${this.#shownAt}.`;
    const next = this.#poller.isRunning ? `Next try in ${duration(retryMs)}.` : '';
    this.#head.showConnection('gone', this.#isReady);
    this.#gone.show(`${sentence(reason)}.${age}`, next);
  }

  #signOut(hadToken: boolean): void {
    this.#isSignedOut = true;
    this.#poller.stop();
    this.#api.setToken(undefined);
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    for (const part of [...this.#liveParts, this.#waiting, this.#signOutButton]) part.hidden = true;
    this.#gone.hide();
    this.#head.showConnection('locked', this.#isReady);
    this.#signIn.ask(hadToken);
  }

  #onToken(token: string): void {
    this.#isSignedOut = false;
    this.#api.setToken(token);
    this.#poller.start();
    setText(this.#pauseButton, 'Pause');
  }

  #togglePause(): void {
    if (this.#poller.isRunning) {
      this.#poller.stop();
      this.#head.showConnection('paused', this.#isReady);
    } else this.#poller.start();
    setText(this.#pauseButton, this.#poller.isRunning ? 'Pause' : 'Continue');
  }
}
