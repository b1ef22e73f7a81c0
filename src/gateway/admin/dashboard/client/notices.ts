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
  let timer: ReturnType<typeof setTimeout> | undefined;

  function hide(): void {
    clearTimeout(timer);
    notice.hidden = true;
    setText(message, '');
    setText(alert, '');
  }

  find('#notice-close').addEventListener('click', hide);

  return {
    /** Something is done. */
    tell(text: string): void {
      hide();
      notice.hidden = false;
      notice.dataset.kind = 'done';
      setText(message, text);
      timer = setTimeout(hide, SHOWN_MS);
    },
    /** Something has failed; stays until it is read. */
    warn(text: string): void {
      hide();
      notice.hidden = false;
      notice.dataset.kind = 'failed';
      setText(alert, text);
    },
    /** No figures come any more. */
    showGone(text: string): void {
      gone.hidden = false;
      setText(goneText, text);
    },
    /** @returns whether they had stopped coming */
    hideGone(): boolean {
      const was = !gone.hidden;
      gone.hidden = true;
      setText(goneText, '');
      return was;
    },
  };
}
