import type { Dom } from './dom.ts';

export type Notices = ReturnType<typeof notices>;

/** What the page has to say: that something is done or has failed, and that the gateway is gone. */
export function notices({ find, setText }: Dom) {
  const SHOWN_MS = 6_000;
  const notice = find('#notice');
  const message = find('#notice-text');
  const alert = find('#notice-alert');
  const gone = find('#gone');
  const goneText = find('#gone-text');
  const goneRetry = find('#gone-retry');
  const close = find('#notice-close');
  const retry = find('#retry');
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Live regions must be there before they have something to say: they are put out of sight, not hidden. */
  function show(banner: HTMLElement, button: HTMLElement, isShown: boolean): void {
    banner.classList.toggle('unseen', !isShown);
    button.hidden = !isShown;
  }

  function hide(): void {
    clearTimeout(timer);
    show(notice, close, false);
    setText(message, '');
    setText(alert, '');
  }

  close.addEventListener('click', hide);

  return {
    /** Something is done. */
    tell(text: string): void {
      hide();
      show(notice, close, true);
      notice.dataset.kind = 'done';
      setText(message, text);
      timer = setTimeout(hide, SHOWN_MS);
    },
    /** Something has failed; stays until it is read. */
    warn(text: string): void {
      hide();
      show(notice, close, true);
      notice.dataset.kind = 'failed';
      setText(alert, text);
    },
    /** No figures come any more. @param again - when there is another try: changes without being read out */
    showGone(text: string, again: string): void {
      show(gone, retry, true);
      setText(goneText, text);
      setText(goneRetry, again);
    },
    /** @returns whether they had stopped coming */
    hideGone(): boolean {
      const was = !retry.hidden;
      show(gone, retry, false);
      setText(goneText, '');
      setText(goneRetry, '');
      return was;
    },
  };
}
