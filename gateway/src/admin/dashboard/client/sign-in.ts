// The form that asks for the token.
import { find, showText } from './dom.ts';

/** Asks for the token of the configuration. */
export class SignIn {
  readonly #section = find('#sign-in');
  readonly #field = find<HTMLInputElement>('#token');
  readonly #error = find('#token-error');

  /** @param submit - called with the token that was typed */
  constructor(submit: (token: string) => void) {
    find<HTMLFormElement>('#sign-in form').addEventListener('submit', (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      if (token === '') this.#show('The token is missing.');
      // A header cannot carry other characters.
      else if (!/^[!-~]+$/.test(token)) this.#show('A token has no spaces and no letters beyond ASCII.');
      else submit(token);
    });
  }

  ask(wasWrong: boolean): void {
    this.#show(wasWrong ? 'That was not the right token.' : '');
  }

  hide(): void {
    this.#section.hidden = true;
    this.#field.value = '';
  }

  #show(problem: string): void {
    this.#section.hidden = false;
    showText(this.#error, problem);
    this.#field.setAttribute('aria-invalid', String(problem !== ''));
    this.#field.focus();
  }
}
