// Keeps a server registered as a backend: it beats, and registers again when its registration was lost.

import { type Env, systemEnv } from '../env.ts';
import { isError } from '../errors.ts';
import { bag, checkBag } from '../options/bag.ts';
import { anEnv } from '../options/env-bag.ts';
import { aFunction, aTimeout } from '../options/rule.ts';
import { shown } from '../shown.ts';
import type { DiscoveredBackend, Discovery } from './discovery.ts';
import { checkBackends, type KnownBackend } from './snapshot-check.ts';

/** Settings of {@link Registry.register}. */
export interface RegisterOptions {
  /**
   * How long the registration lasts after the last beat, in milliseconds: a crash is known after this time. A
   * beat comes at a third of it, with jitter.
   * @defaultValue 15,000
   */
  readonly ttlMs?: number;
  /** Gets one line for each trouble. @defaultValue none */
  readonly report?: (line: string) => void;
  readonly env?: Partial<Env>;
}

/** A registered server. */
export interface Registration {
  /** Resolves at the first success. It never rejects: a registry that is away is tried again. */
  readonly ready: Promise<void>;
  /** Announces that no new requests may come. Resolves when the registry knows, or cannot be reached. */
  drain(): Promise<void>;
  /** Ends the registration. Resolves when the registry knows, or cannot be reached: then the TTL ends it. */
  close(): Promise<void>;
}

/** A registry: servers register, and pools discover them. */
export interface Registry extends Discovery {
  /**
   * Keeps a server registered until it is closed. Idempotent: the same id again takes its place.
   * @throws TypeError or RangeError that names the argument or option and its value
   */
  register(self: DiscoveredBackend, options?: RegisterOptions): Registration;
  /** Registers a backend once, for so many milliseconds, in the name of others, such as an operator. */
  put(backend: DiscoveredBackend, ttlMs: number): Promise<void>;
  /** Ends what `put` registered. */
  remove(id: string): Promise<void>;
}

/** How a registry stores one backend. */
export interface RegistryRecords {
  /** Writes a record, or renews it. @throws Error if a younger owner has the same id */
  put(record: BackendRecord, ttlMs: number): Promise<void>;
  /** Removes the record, if it is still this owner's. */
  drop(record: BackendRecord): Promise<void>;
}

/** What a registry keeps of a backend. */
export interface BackendRecord {
  readonly backend: KnownBackend;
  /** Which registration wrote it. */
  readonly owner: string;
  /** When this owner began, in milliseconds since 1970: of two with one id, the younger one counts. */
  readonly since: number;
}

const OPTIONS = bag<RegisterOptions>({ ttlMs: aTimeout, report: aFunction, env: anEnv });
const DEFAULT_TTL_MS = 15_000;
const MAX_RETRY_MS = 1_000;

/** Keeps a record in a registry. @param owner - unique; `since` orders owners of one id */
export function keepRegistered(
  records: RegistryRecords,
  self: DiscoveredBackend,
  options: RegisterOptions,
  { owner, since }: Pick<BackendRecord, 'owner' | 'since'>,
): Registration {
  checkBag(options, OPTIONS, 'register');
  const { ttlMs = DEFAULT_TTL_MS, report = () => {} } = options;
  const { timers, random } = { ...systemEnv, ...options.env };
  let record: BackendRecord = { backend: checkedBackend(self), owner, since };
  let cancelTimer = () => {};
  let isClosed = false;
  let trouble: string | undefined;
  let settle = () => {};
  const ready = new Promise<void>((resolve) => (settle = resolve));
  /** One after the other: a drain must not be overtaken by a beat that was sent before. */
  let last = Promise.resolve();

  const beat = async (): Promise<void> => {
    cancelTimer();
    if (isClosed) return;
    let nextMs = (ttlMs / 3) * (0.9 + 0.2 * random());
    try {
      await records.put(record, ttlMs);
      if (trouble !== undefined) report('registered again');
      trouble = undefined;
      settle();
    } catch (error) {
      const text = isError(error) ? error.message : shown(error);
      if (text !== trouble) report(`registration failed: ${text}`);
      trouble = text;
      nextMs = Math.min(nextMs, MAX_RETRY_MS * (0.5 + random() / 2));
    }
    if (!isClosed) cancelTimer = timers.schedule(() => void inTurn(beat), nextMs, true);
  };
  const inTurn = (work: () => Promise<void>) => (last = last.then(work));
  void inTurn(beat);

  return {
    ready,
    drain() {
      record = drained(record);
      return inTurn(beat);
    },
    close() {
      isClosed = true;
      cancelTimer();
      // A backend that leaves without a word may be a loss, which is held; one that was draining is none.
      record = drained(record);
      return inTurn(async () => {
        try {
          await records.put(record, ttlMs);
          await records.drop(record);
        } catch {
          // The TTL ends it.
        }
      });
    },
  };
}

function drained(record: BackendRecord): BackendRecord {
  return { ...record, backend: { ...record.backend, draining: true } };
}

/** @throws TypeError or RangeError that names the property and its value */
export function checkedBackend(self: DiscoveredBackend): KnownBackend {
  const { backends, problems } = checkBackends({ epoch: '', version: '', backends: [self] }, new Map());
  const [backend] = backends.values();
  if (backend === undefined) throw new TypeError((problems[0] ?? '').replace('backends[0]', 'self'));
  return backend;
}
