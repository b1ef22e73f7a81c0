// The two banners of the page: for what was done or failed, and for a gateway that does not answer.
import { find, setText } from './dom.ts';

/** How long a banner says that something was done. */
const SHOWN_MS = 6_000;

/** Tells of what an operator did. */
export class Notices {
  readonly #banner = find('#notice');
  readonly #text = find('#notice-text');
  readonly #alert = find('#notice-alert');
  readonly #close = find('#notice-close');
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#close.addEventListener('click', () => this.#hide());
  }

  /** Something was done. */
  tell(text: string): void {
    this.#show('done');
    setText(this.#text, text);
    this.#timer = setTimeout(() => this.#hide(), SHOWN_MS);
  }

  /** Something failed; stays until it is closed. */
  warn(text: string): void {
    this.#show('failed');
    setText(this.#alert, text);
  }

  #show(kind: 'done' | 'failed'): void {
    this.#hide();
    showBanner(this.#banner, this.#close, true);
    this.#banner.dataset.kind = kind;
  }

  #hide(): void {
    clearTimeout(this.#timer);
    showBanner(this.#banner, this.#close, false);
    setText(this.#text, '');
    setText(this.#alert, '');
  }
}

/** Tells that no figures come any more. */
export class GoneBanner {
  readonly #banner = find('#gone');
  readonly #text = find('#gone-text');
  readonly #next = find('#gone-retry');
  readonly #retry = find('#retry');

  /** @param onRetry - called by the button of the banner */
  constructor(onRetry: () => void) {
    this.#retry.addEventListener('click', onRetry);
  }

  /** @param next - when the next try comes: changes without being read out */
  show(text: string, next: string): void {
    showBanner(this.#banner, this.#retry, true);
    setText(this.#text, text);
    setText(this.#next, next);
  }

  /** @returns whether it was shown */
  hide(): boolean {
    const wasShown = !this.#retry.hidden;
    showBanner(this.#banner, this.#retry, false);
    setText(this.#text, '');
    setText(this.#next, '');
    return wasShown;
  }
}

/** Screen readers watch a live region only if it is there before its text: it is out of sight, not hidden. */
function showBanner(banner: HTMLElement, button: HTMLElement, isShown: boolean): void {
  banner.classList.toggle('unseen', !isShown);
  button.hidden = !isShown;
}
