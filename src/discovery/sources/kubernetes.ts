// Backends of a Kubernetes service: a list and a watch of its EndpointSlices.

import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Env, systemEnv } from '../../env.ts';
import { bag, checkBag, checkNeeded } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aText, oneOf, type Rule } from '../../options/rule.ts';
import type { DiscoveredBackend, Discovery, Snapshot } from '../discovery.ts';
import { jsonLines } from './json-lines.ts';
import { pause } from './pause.ts';

/** Settings of {@link kubernetes}. */
export interface KubernetesOptions {
  /** The name of the service. */
  readonly service: string;
  /** @defaultValue that of the pod */
  readonly namespace?: string;
  /** The name or number of the service's target port. @defaultValue the first port */
  readonly port?: string | number;
  /** How backends are spoken to. @defaultValue `'http'` */
  readonly protocol?: 'http' | 'https';
  /** The URL of the API server. @defaultValue that of the cluster */
  readonly server?: string;
  /**
   * The folder of the files `token`, `ca.crt` and `namespace`.
   * @defaultValue that of the pod's service account
   */
  readonly credentials?: string;
  readonly env?: Partial<Env>;
}

const aPort: Rule = {
  words: 'the name of a port, or an integer from 1 to 65535',
  holds: (value) =>
    (typeof value === 'string' && value !== '') ||
    (Number.isInteger(value) && Number(value) > 0 && Number(value) <= 65_535),
};

const OPTIONS = bag<KubernetesOptions>({
  service: aText,
  namespace: aText,
  port: aPort,
  protocol: oneOf(['http', 'https']),
  server: aText,
  credentials: aText,
  env: anEnv,
});

const CREDENTIALS = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The API server ends a watch after this time, and sends a bookmark every minute. */
const WATCH_S = 290;
/** Without a byte for so long the connection is dead. */
const SILENCE_MS = 120_000;
const LIST_MS = 10_000;
const REST_MS = 100;

interface Slice {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly endpoints?: readonly Endpoint[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}
interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly zone?: string;
  readonly hostname?: string;
  readonly targetRef?: { readonly name?: string };
}
interface WatchEvent {
  readonly type: string;
  readonly object: Slice & { readonly code?: number; readonly message?: string };
}

/**
 * Discovers the pods of a Kubernetes service by its EndpointSlices. A pod is a backend, with its name as the
 * id; one that terminates is draining. The service account needs the verbs `list` and `watch` of
 * `endpointslices` (`discovery.k8s.io`).
 *
 * @example
 * ```ts
 * const discovery = kubernetes({ service: 'shop', port: 'http' });
 * ```
 * @throws TypeError or RangeError that names the option and its value
 */
export function kubernetes(options: KubernetesOptions): Discovery {
  checkBag(options, OPTIONS, 'kubernetes');
  checkNeeded(options, OPTIONS, 'kubernetes', ['service']);
  return { name: `kubernetes ${options.service}`, retireAfter: 1, watch: (signal) => watch(options, signal) };
}

async function* watch(options: KubernetesOptions, signal: AbortSignal): AsyncGenerator<Snapshot> {
  const { service, env } = options;
  const api = new Api(options, signal);
  const slices = new Map<string, Slice>();
  let version = '';
  const snapshot = (): Snapshot => ({ epoch: service, version, backends: backendsIn(slices, options) });
  while (!signal.aborted) {
    if (version === '') {
      const list = (await api.list()) as { items: Slice[]; metadata: { resourceVersion: string } };
      slices.clear();
      for (const slice of list.items) slices.set(slice.metadata.name, slice);
      version = list.metadata.resourceVersion;
      yield snapshot();
    }
    let isHeard = false;
    try {
      for await (const { type, object } of api.changes(version)) {
        isHeard = true;
        if (type === 'ERROR') {
          // The version is too old: everything is to be read anew.
          if (object.code === 410) version = '';
          else throw new Error(object.message ?? `watch error ${object.code}`);
          break;
        }
        version = object.metadata.resourceVersion;
        if (type === 'BOOKMARK') continue;
        if (type === 'DELETED') slices.delete(object.metadata.name);
        else slices.set(object.metadata.name, object);
        yield snapshot();
      }
    } catch (error) {
      if (error instanceof GoneError) version = '';
      // A watch that worked goes on where it broke off; one that never did is a trouble.
      else if (!isHeard && !(error instanceof DroppedError)) throw error;
    }
    const { random } = { ...systemEnv, ...env };
    await pause(REST_MS * (0.5 + random() / 2), signal, env);
  }
}

/** The server has forgotten the version. */
class GoneError extends Error {}
/** A connection that was answered broke off. */
class DroppedError extends Error {}

class Api {
  readonly #options: KubernetesOptions;
  readonly #signal: AbortSignal;

  constructor(options: KubernetesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async list(): Promise<unknown> {
    const { response, silence } = await this.#get('', LIST_MS);
    let text = '';
    try {
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
    } finally {
      silence.end();
    }
    return JSON.parse(text);
  }

  /** @throws DroppedError if the connection breaks off or falls silent */
  async *changes(version: string): AsyncGenerator<WatchEvent> {
    const query = `&watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_S}&resourceVersion=${version}`;
    const { response, silence } = await this.#get(query, SILENCE_MS);
    response.on('data', silence.heard);
    try {
      yield* jsonLines(response) as AsyncGenerator<WatchEvent>;
    } catch (error) {
      throw new DroppedError('the watch broke off', { cause: error });
    } finally {
      silence.end();
      response.destroy();
    }
  }

  /** Token and certificate are read each time, as they are replaced while this runs. */
  async #get(query: string, silenceMs: number) {
    const { service, credentials = CREDENTIALS, env } = this.#options;
    const own = (name: string) => readFile(`${credentials}/${name}`, 'utf8').catch(() => undefined);
    const [token, ca] = await Promise.all([own('token'), own('ca.crt')]);
    const namespace = this.#options.namespace ?? (await own('namespace'))?.trim() ?? 'default';
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
    const url = `${this.#server}${path}?labelSelector=${selector}${query}`;
    const { timers } = { ...systemEnv, ...env };
    const stop = new AbortController();
    const abort = () => stop.abort();
    let cancel = () => {};
    const silence = {
      heard: () => {
        cancel();
        cancel = timers.schedule(() => stop.abort(new Error(`silent for ${silenceMs} ms`)), silenceMs, true);
      },
      end: () => {
        cancel();
        this.#signal.removeEventListener('abort', abort);
      },
    };
    this.#signal.addEventListener('abort', abort);
    silence.heard();
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const send = url.startsWith('https:') ? httpsRequest : httpRequest;
        send(url, {
          headers: { accept: 'application/json', ...(token && { authorization: `Bearer ${token.trim()}` }) },
          signal: stop.signal,
          agent: false,
          ...(ca && { ca }),
        })
          .on('response', resolve)
          .on('error', (error) => reject((stop.signal.reason as Error | undefined) ?? error))
          .end();
      });
      response.on('error', () => {});
      if (response.statusCode === 200) return { response, silence };
      response.destroy();
      if (response.statusCode === 410) throw new GoneError('status 410');
      throw new Error(`status ${response.statusCode}`);
    } catch (error) {
      silence.end();
      throw error;
    }
  }

  get #server(): string {
    const {
      KUBERNETES_SERVICE_HOST: host = 'kubernetes.default.svc',
      KUBERNETES_SERVICE_PORT: port = '443',
    } = process.env;
    return (
      this.#options.server?.replace(/\/+$/, '') ??
      `https://${host.includes(':') ? `[${host}]` : host}:${port}`
    );
  }
}

/** The backends of all slices. While a pod moves from one to another, it stands in both. */
function backendsIn(
  slices: ReadonlyMap<string, Slice>,
  { port, protocol = 'http' }: KubernetesOptions,
): DiscoveredBackend[] {
  const backends = new Map<string, DiscoveredBackend>();
  for (const { endpoints, ports } of slices.values()) {
    const named =
      ports?.find((one) => one.name === port || one.port === port) ??
      (port === undefined ? ports?.[0] : undefined);
    const number = named?.port ?? (typeof port === 'number' ? port : undefined);
    if (number === undefined) continue;
    for (const { addresses, conditions = {}, zone, hostname, targetRef } of endpoints ?? []) {
      const { ready, serving, terminating } = conditions;
      const [address] = addresses;
      if (address === undefined || (serving ?? ready ?? true) === false) continue;
      const id = targetRef?.name ?? hostname ?? address;
      const known = backends.get(id);
      if (known !== undefined && known.draining !== true) continue;
      backends.set(id, {
        id,
        url: `${protocol}://${address.includes(':') ? `[${address}]` : address}:${number}`,
        ...(zone && { zone }),
        ...(terminating === true && { draining: true }),
      });
    }
  }
  return [...backends.values()];
}
