// A dialog with one form.
import { find, sentence, showText, textsIn } from './dom.ts';

/** What a dialog does. */
export interface DialogTask {
  /** Texts for what is marked `data-text` in it. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Values of its fields, by name; those that are not named are emptied. */
  readonly values?: Readonly<Record<string, string>>;
  /** If this fails, the dialog stays open and shows the error's message. */
  readonly submit: (data: FormData) => Promise<void>;
  /** Called after `submit`, when the dialog is closed. */
  readonly onDone: (data: FormData) => void;
}

/** One dialog of the page. The browser closes it on Escape, and gives the focus back to where it was. */
export class FormDialog {
  readonly #element: HTMLDialogElement;
  readonly #form: HTMLFormElement;
  readonly #error: HTMLElement;
  readonly #fill: (texts: Readonly<Record<string, string>>) => void;
  #task: DialogTask | undefined;
  #isBusy = false;

  constructor(selector: string) {
    this.#element = find<HTMLDialogElement>(selector);
    this.#form = find<HTMLFormElement>('form', this.#element);
    this.#error = find('[role="alert"]', this.#element);
    this.#fill = textsIn(this.#element);
    find('[data-action="cancel"]', this.#element).addEventListener('click', () => this.#element.close());
    this.#element.addEventListener('close', () => {
      this.#task = undefined;
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#task !== undefined && !this.#isBusy) void this.#submit(this.#task);
    });
  }

  open(task: DialogTask): void {
    this.#task = task;
    this.#form.reset();
    showText(this.#error, '');
    this.#fill(task.texts ?? {});
    for (const [name, value] of Object.entries(task.values ?? {})) {
      find<HTMLInputElement>(`[name="${name}"]`, this.#form).value = value;
    }
    this.#element.showModal();
  }

  /** A dialog that was closed, or opened for another task, meanwhile stays as it is. */
  async #submit(task: DialogTask): Promise<void> {
    this.#setBusy(true);
    showText(this.#error, '');
    try {
      const data = new FormData(this.#form);
      await task.submit(data);
      if (this.#task === task) this.#element.close();
      task.onDone(data);
    } catch (failure) {
      if (this.#task === task) showText(this.#error, sentence((failure as Error).message));
    }
    this.#setBusy(false);
  }

  #setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    this.#form.setAttribute('aria-busy', String(isBusy));
  }
}
