import type { Dom } from './dom.ts';

/** What a dialog does. */
export interface DialogTask {
  /** Texts for what is marked `data-text` in it. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Values of its fields, by name; those that are not named are emptied. */
  readonly values?: Readonly<Record<string, string>>;
  /** The dialog stays open, with the error's message, where this fails. */
  readonly submit: (data: FormData) => Promise<void>;
  /** Called when that has been done and the dialog is closed. */
  readonly onDone: (data: FormData) => void;
}

export type Dialogs = ReturnType<typeof dialogs>;

/** Dialogs with one form each. The browser closes them on Escape, and gives the focus back to where it was. */
export function dialogs(dom: Dom) {
  const { find, setText } = dom;

  function dialog(selector: string): (task: DialogTask) => void {
    const element = find<HTMLDialogElement>(selector);
    const form = find<HTMLFormElement>('form', element);
    const error = find('[role="alert"]', element);
    const fill = dom.texts(element);
    let task: DialogTask | undefined;
    let isBusy = false;

    async function submit(current: DialogTask): Promise<void> {
      setBusy(true);
      showError('');
      try {
        const data = new FormData(form);
        await current.submit(data);
        if (task === current) element.close();
        current.onDone(data);
      } catch (failure) {
        if (task === current) showError((failure as Error).message);
      }
      setBusy(false);
    }

    function setBusy(next: boolean): void {
      isBusy = next;
      form.setAttribute('aria-busy', String(next));
    }

    function showError(message: string): void {
      setText(error, message === '' ? '' : `${message[0]?.toUpperCase()}${message.slice(1)}`);
      error.hidden = message === '';
    }

    find('[data-action="cancel"]', element).addEventListener('click', () => element.close());
    element.addEventListener('close', () => {
      task = undefined;
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (task !== undefined && !isBusy) void submit(task);
    });

    return (next) => {
      task = next;
      form.reset();
      showError('');
      fill(next.texts ?? {});
      for (const [name, value] of Object.entries(next.values ?? {})) {
        find<HTMLInputElement>(`[name="${name}"]`, form).value = value;
      }
      element.showModal();
    };
  }

  return { dialog };
}
