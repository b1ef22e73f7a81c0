// Keeps the admin token until the tab is closed.

const STORED_AS = 'evenkeel-admin-token';

/** The token of this tab. A browser that stores nothing throws; then the token lasts as long as the page. */
export class TokenStore {
  #token = stored();

  get token(): string | undefined {
    return this.#token;
  }

  set(token: string | undefined): void {
    this.#token = token;
    try {
      if (token === undefined) sessionStorage.removeItem(STORED_AS);
      else sessionStorage.setItem(STORED_AS, token);
    } catch {
      // Nothing is stored.
    }
  }
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(STORED_AS) ?? undefined;
  } catch {
    return undefined;
  }
}
