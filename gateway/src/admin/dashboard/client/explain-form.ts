import type { GatewayExplanation } from '../../../contracts.ts';
import type { AdminApi } from './admin-api.ts';
import type { Dom } from './dom.ts';

/** Asks where a request would go. @param show - given the answer and what was asked for */
export function explainForm(
  { find, setText }: Dom,
  api: AdminApi,
  show: (answer: GatewayExplanation | undefined, asked: string) => void,
): void {
  const form = find<HTMLFormElement>('#explain form');
  const problem = find('#explain-error');
  let asked = 0;

  function queryOf(data: FormData): URLSearchParams {
    const query = new URLSearchParams();
    for (const name of ['path', 'host', 'method', 'header', 'clientAddress']) {
      const value = String(data.get(name) ?? '').trim();
      if (value !== '') query.set(name, value);
    }
    return query;
  }

  async function explain(query: URLSearchParams): Promise<void> {
    const number = ++asked;
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = await api.explain(query);
      if (number === asked) show(answer, `${query.get('method') ?? 'GET'} ${query.get('path') ?? ''}`);
    } catch (error) {
      if (number !== asked) return;
      show(undefined, '');
      setText(problem, (error as Error).message);
      problem.hidden = false;
    } finally {
      if (number === asked) form.setAttribute('aria-busy', 'false');
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    problem.hidden = true;
    setText(problem, '');
    void explain(queryOf(new FormData(form)));
  });
}
