// A client as the check of real clients drives it.

/** Where a client sends its requests. */
export interface Places {
  /** HTTP/1.1, and HTTP/2 by prior knowledge. */
  readonly plain: string;
  /** HTTP/2 over TLS, and HTTP/1.1; a certificate that no authority has signed. `undefined` for none. */
  readonly secure: string | undefined;
  /** HTTP/1.1 over TLS. `undefined` for none. */
  readonly secureHttp1: string | undefined;
}

/** What a client saw of one request. */
export interface Seen {
  /** Begins with the body of the response that is right, up to a comma. */
  readonly what: string;
  readonly status: number;
  readonly body: string;
}

/** A program that sends requests. */
export interface RealClient {
  readonly name: string;
  /** What to install where it is missing: a package of Debian, or of npm. */
  readonly from: string;
  /** @throws Error if it is not there */
  version(): Promise<string>;
  /** Requests that it sends to places with and without TLS. */
  readonly requests: readonly [plain: number, secure: number];
  run(places: Places): Promise<readonly Seen[]>;
}
