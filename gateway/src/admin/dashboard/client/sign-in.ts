import type { Dom } from './dom.ts';

/** Asks for the token. @param submit - given the token that was typed */
export function signIn({ find, setText }: Dom, submit: (token: string) => void) {
  const section = find('#sign-in');
  const form = find<HTMLFormElement>('#sign-in form');
  const field = find<HTMLInputElement>('#token');
  const error = find('#token-error');

  function show(problem: string): void {
    section.hidden = false;
    setText(error, problem);
    error.hidden = problem === '';
    field.setAttribute('aria-invalid', String(problem !== ''));
    field.focus();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (token === '') show('The token is missing.');
    // What no header can carry cannot be right.
    else if (!/^[!-~]+$/.test(token)) show('A token has no spaces and no letters beyond ASCII.');
    else submit(token);
  });

  return {
    ask: (wasWrong: boolean) => show(wasWrong ? 'That was not the right token.' : ''),
    hide(): void {
      section.hidden = true;
      field.value = '';
    },
  };
}
