// Tags: the values of session cookies, which name backends in an unguessable way.

import { createHmac, randomBytes } from 'node:crypto';
import type { Session } from '../index.ts';

/** The source of the current backends: a balancer, or a function that returns them. */
export type BackendSource =
  | { readonly backends: readonly { readonly id: string }[] }
  | (() => readonly { readonly id: string }[]);

/** The cookie value for a backend. */
export interface BackendTag {
  /** The value, computed with the first secret. */
  readonly value: string;
  /** The session of a client whose cookie has this value. */
  readonly session: Session;
}

interface TaggedBackend extends BackendTag {
  /** For each secret, the blinded value that is computed with it, and its session. */
  readonly sessions: readonly (readonly [blinded: string, session: Session])[];
}

/** 128 bits: 22 characters of base64url. */
const TAG_BYTES = 16;
const TAG = /^[\w-]{22}$/;
/** A key shorter than the hash weakens the hash (RFC 2104 section 3). */
const MIN_SECRET_BYTES = 32;

/** Unguessable names for the backends of a pool, kept up to date as backends are added and removed. */
export class BackendTags {
  readonly #source: () => readonly { readonly id: string }[];
  readonly #secrets: readonly Uint8Array[];
  readonly #pool: string;
  readonly #blind = randomBytes(32);
  #byId = new Map<string, TaggedBackend>();
  #byBlinded = new Map<string, Session>();
  #ids: readonly string[] = [];

  /** @throws TypeError or RangeError that names the option */
  constructor(source: BackendSource, secrets: readonly (string | Uint8Array)[], pool: string) {
    this.#source = typeof source === 'function' ? source : () => source.backends;
    this.#secrets = secrets.map(readSecret);
    this.#pool = pool;
  }

  /** The tag of a backend; `undefined` if the pool has no backend with this id. */
  of(id: string): BackendTag | undefined {
    this.#follow();
    return this.#byId.get(id);
  }

  /** The session of the first valid cookie value; `undefined` if none is valid. */
  findFirst(values: readonly string[]): Session | undefined {
    this.#follow();
    for (const value of values) {
      const session = TAG.test(value) ? this.#byBlinded.get(this.#blinded(value)) : undefined;
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** Creates tags for new backends and drops those of removed ones. */
  #follow(): void {
    const backends = this.#source();
    const isSame = backends.length === this.#ids.length && backends.every(({ id }, i) => id === this.#ids[i]);
    if (isSame) return;
    this.#ids = backends.map(({ id }) => id);
    const byId = new Map(this.#ids.map((id) => [id, this.#byId.get(id) ?? this.#tag(id)]));
    this.#byId = byId;
    this.#byBlinded = new Map([...byId.values()].flatMap(({ sessions }) => sessions));
  }

  #tag(id: string): TaggedBackend {
    // As JSON, different parts never give the same text.
    const text = JSON.stringify(['evenkeel session', this.#pool, id]);
    const values = this.#secrets.map((secret) =>
      createHmac('sha256', secret).update(text).digest().subarray(0, TAG_BYTES).toString('base64url'),
    );
    const sessions = values.map((value) => [this.#blinded(value), { backend: id }] as const);
    return { value: values[0] as string, session: sessions[0]?.[1] as Session, sessions };
  }

  /**
   * A keyed digest that is looked up instead of the value, so that the time of a look-up reveals nothing
   * about valid values.
   */
  #blinded(value: string): string {
    return createHmac('sha256', this.#blind).update(value).digest('base64url');
  }
}

function readSecret(secret: unknown, at: number): Uint8Array {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw new TypeError(`secrets[${at}] must be a string or a Uint8Array`);
  }
  const bytes = Buffer.from(secret);
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new RangeError(`secrets[${at}] must have at least ${MIN_SECRET_BYTES} bytes, got ${bytes.length}`);
  }
  return bytes;
}
