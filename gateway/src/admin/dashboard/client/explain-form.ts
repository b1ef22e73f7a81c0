// The form that asks which backend a request would get.
import type { GatewayExplanation } from '../../../contracts.ts';
import type { AdminApi } from './admin-api.ts';
import { find, showText } from './dom.ts';

type Show = (explanation: GatewayExplanation | undefined, asked: string) => void;

const FIELDS = ['path', 'host', 'method', 'header', 'clientAddress'];

/** Asks `explain` when it is submitted. A response that comes after the next question is dropped. */
export class ExplainForm {
  readonly #api: AdminApi;
  readonly #show: Show;
  readonly #form = find<HTMLFormElement>('#explain form');
  readonly #problem = find('#explain-error');
  #asked = 0;

  /** @param show - called with the explanation and the request that was asked for */
  constructor(api: AdminApi, show: Show) {
    this.#api = api;
    this.#show = show;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      showText(this.#problem, '');
      void this.#ask(queryOf(new FormData(this.#form)));
    });
  }

  async #ask(query: URLSearchParams): Promise<void> {
    const number = ++this.#asked;
    this.#form.setAttribute('aria-busy', 'true');
    try {
      const explanation = await this.#api.explain(query);
      const asked = `${query.get('method') ?? 'GET'} ${query.get('path') ?? ''}`;
      if (number === this.#asked) this.#show(explanation, asked);
    } catch (error) {
      if (number !== this.#asked) return;
      this.#show(undefined, '');
      showText(this.#problem, (error as Error).message);
    } finally {
      if (number === this.#asked) this.#form.setAttribute('aria-busy', 'false');
    }
  }
}

/** Empty fields are left out. */
function queryOf(data: FormData): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of FIELDS) {
    const value = String(data.get(name) ?? '').trim();
    if (value !== '') query.set(name, value);
  }
  return query;
}
