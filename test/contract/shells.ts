// The shells around the retry loop, each driven through its own ports: backends are played by hand, and no
// socket is opened.
import { Duplex, Readable } from 'node:stream';
import { Dispatcher } from 'undici';
import { vi } from 'vitest';
import type { GatewayLog } from '../../gateway/src/contracts.ts';
import { Engine } from '../../gateway/src/engine.ts';
import { Exchange } from '../../gateway/src/forwarding/exchange.ts';
import { IncomingRequest } from '../../gateway/src/forwarding/incoming-request.ts';
import { Upgrade } from '../../gateway/src/forwarding/upgrade.ts';
import { BackendFailure } from '../../gateway/src/upstream/backend-failure.ts';
import type { DeclinedBody, UpgradeEvents } from '../../gateway/src/upstream/connections.ts';
import type { UpstreamPool } from '../../gateway/src/upstream/pool.ts';
import { FakeCall, FakeClient } from '../../gateway/test/forwarding/fakes.ts';
import { resolved } from '../../gateway/test/resolved.ts';
import { balancedFetch, proxyHandler } from '../../src/adapters/fetch/index.ts';
import { BalancedDispatcher } from '../../src/adapters/undici/index.ts';
import {
  type Balancer,
  type FailoverOptions,
  type LeaseQueueOptions,
  Loadbalancer,
  maxInFlight,
  NoBackendError,
  type Request,
} from '../../src/index.ts';
import type { FailoverStats } from '../../src/traffic/failover.ts';
import type { LeaseQueueStats } from '../../src/traffic/queue-tally.ts';
import { aRequest } from '../support.ts';

/** Settings that every shell understands. */
export interface ShellSettings {
  readonly backends: string[];
  readonly failover?: FailoverOptions | undefined;
  readonly queue?: LeaseQueueOptions | undefined;
  /** For each backend. */
  readonly maxInFlight?: number;
  /** Whether a response counts as its backend's failure, if the shell has such an option. */
  readonly isFailure?: () => boolean;
}

/** One attempt, as its backend sees it. */
export interface Sent {
  readonly url: string;
  /** The connection is refused: nothing was sent. */
  refuse(): void;
  /** The connection breaks before the head of a response. */
  reset(): void;
  /** The request cannot be sent as it is. */
  reject(): void;
  /** The head of a response comes; its body follows by hand. */
  head(status: number): void;
  /** The body comes to its end. */
  end(): void;
}

/** One request, as its client sees it. */
export interface Asked {
  /** Of the response whose head has come; a shell without responses of its own has an error instead. */
  status?: number;
  error?: unknown;
  /** Whether all of the response has come, or an error. */
  isDone: boolean;
  /** How many attempts failed, as the shell tells with its error. */
  attempts?: number | undefined;
  /** The client leaves. */
  leave(): void;
}

/** A shell at work. */
export interface Shell {
  readonly balancer: Balancer<Request>;
  /** In the order in which they were made. */
  readonly sent: Sent[];
  ask(method?: string): Asked;
  stats(): { failover: FailoverStats | undefined; queue: LeaseQueueStats | undefined };
}

/** How a shell is made, and in what it differs by its nature. */
export interface ShellKind {
  readonly name: string;
  readonly make: (settings: ShellSettings) => Shell;
  /** Whether its client gets the very errors of the host's code; else it answers by itself. */
  readonly throws: boolean;
  /** The status of a response that is none of a backend's failures. */
  readonly ok: number;
  /** Methods that it can send. */
  readonly methods: readonly string[];
}

const coded = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

const guardsOf = ({ maxInFlight: limit }: ShellSettings) => (limit === undefined ? [] : [maxInFlight(limit)]);

const optionsOf = ({ failover, queue, isFailure, ...rest }: ShellSettings) => ({
  strategy: 'round-robin' as const,
  guards: guardsOf({ ...rest }),
  ...(failover === undefined ? {} : { failover }),
  ...(queue === undefined ? {} : { queue }),
  ...(isFailure === undefined ? {} : { isFailure }),
});

const attemptsOf = (error: unknown) => (error as { attempts?: unknown[] }).attempts?.length;

/** A response of an HTTP service, which its host writes until it is ended. */
class HeldResponse {
  readonly data = '';
  status = 0;
  end: () => void = () => {};
  readonly written = new Promise<void>((resolve) => (this.end = resolve));
}

function loadbalancer(settings: ShellSettings): Shell {
  const sent: Sent[] = [];
  const service = {
    sendRequest: (target: string) =>
      new Promise<HeldResponse>((resolve, reject) => {
        const response = new HeldResponse();
        sent.push({
          url: new URL(target).origin,
          refuse: () => reject(Object.assign(new Error('refused'), { requestSent: false })),
          reset: () => reject(new Error('reset')),
          reject: () => reject(Object.assign(new Error('bad'), { requestRejected: true })),
          head: (status) => resolve(Object.assign(response, { status })),
          end: () => response.end(),
        });
      }),
  };
  const shell = new Loadbalancer(service, settings.backends, { log() {} }, optionsOf(settings));
  return {
    balancer: shell.balancer,
    sent,
    ask(method = 'GET') {
      const client = new AbortController();
      let response: HeldResponse | undefined;
      const leave = () => {
        client.abort();
        response?.end();
      };
      const asked: Asked = { isDone: false, leave };
      const writer = {
        writeHeader() {},
        writeResponse(written: object) {
          response = written as HeldResponse;
          asked.status = response.status;
          return response.written as unknown as undefined;
        },
        writeError(error: Error) {
          Object.assign(asked, { error, attempts: attemptsOf(error) });
        },
      };
      const options = { signal: client.signal };
      void shell.onRequest(aRequest('/', { method }), writer, options).then(() => (asked.isDone = true));
      return asked;
    },
    stats: () => shell.stats(),
  };
}

/** A `fetch` whose backends are played by hand. */
function playedFetch(sent: Sent[]): typeof fetch {
  return (async (target: string, { signal }: RequestInit) => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let isOver = false;
    const body = new ReadableStream<Uint8Array>({
      start: (made) => void (controller = made),
      cancel: () => void (isOver = true),
    });
    return new Promise<Response>((resolve, reject) => {
      const leave = () => {
        isOver = true;
        reject(signal?.reason);
        if (controller !== undefined) controller.error(signal?.reason);
      };
      signal?.addEventListener('abort', leave);
      sent.push({
        url: new URL(target).origin,
        refuse: () => reject(coded('ECONNREFUSED')),
        reset: () => reject(coded('ECONNRESET')),
        reject: () => reject(coded('UND_ERR_INVALID_ARG')),
        head: (status) => resolve(new Response(body, { status })),
        end: () => {
          if (isOver) return;
          isOver = true;
          controller?.enqueue(new TextEncoder().encode('body'));
          controller?.close();
        },
      });
    });
  }) as unknown as typeof fetch;
}

/** Reads a response to its end. */
function follow(asked: Asked, pending: Promise<Response>): void {
  pending.then(
    async (response) => {
      asked.status = response.status;
      await response.arrayBuffer().catch((error: unknown) => (asked.error = error));
      asked.isDone = true;
    },
    (error: unknown) => Object.assign(asked, { error, attempts: attemptsOf(error), isDone: true }),
  );
}

function clientFetch(settings: ShellSettings): Shell {
  const sent: Sent[] = [];
  const shell = balancedFetch(settings.backends, { ...optionsOf(settings), fetch: playedFetch(sent) });
  return {
    balancer: shell.balancer,
    sent,
    ask(method = 'GET') {
      const client = new AbortController();
      const asked: Asked = { isDone: false, leave: () => client.abort() };
      follow(asked, shell('/', { method, signal: client.signal }));
      return asked;
    },
    stats: () => shell.stats(),
  };
}

function fetchHandler(settings: ShellSettings): Shell {
  const sent: Sent[] = [];
  const errors = new Map<object, unknown>();
  const shell = proxyHandler(settings.backends, {
    ...optionsOf(settings),
    fetch: playedFetch(sent),
    onError: (error, request) => {
      errors.set(request, error);
      return new Response(null, { status: error instanceof NoBackendError ? 503 : 502 });
    },
  });
  return {
    balancer: shell.balancer,
    sent,
    ask(method = 'GET') {
      const client = new AbortController();
      const asked: Asked = { isDone: false, leave: () => client.abort() };
      const request = new globalThis.Request('http://front/', { method, signal: client.signal });
      follow(
        asked,
        shell(request).then((response) => {
          const error = errors.get(request);
          if (error !== undefined) Object.assign(asked, { error, attempts: attemptsOf(error) });
          return response;
        }),
      );
      return asked;
    },
    stats: () => shell.stats(),
  };
}

/** A dispatcher of undici whose backends are played by hand; it does not send while it is paused. */
class PlayedDispatcher extends Dispatcher {
  readonly sent: Sent[];

  constructor(sent: Sent[]) {
    super();
    this.sent = sent;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let isPaused = false;
    let isDropped = false;
    const waiting: (() => void)[] = [];
    const pass = (step: () => void) => {
      if (isPaused) waiting.push(step);
      else if (!isDropped) step();
    };
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: [],
      rawTrailers: [],
      pause: () => void (isPaused = true),
      resume: () => {
        isPaused = false;
        for (const step of waiting.splice(0)) pass(step);
      },
      abort: (reason: Error) => {
        isDropped = true;
        handler.onResponseError?.(controller, reason);
      },
    };
    const start = () => handler.onRequestStart?.(controller, undefined);
    this.sent.push({
      url: String(options.origin),
      refuse: () => handler.onResponseError?.(controller, coded('ECONNREFUSED')),
      reset: () => {
        start();
        handler.onResponseError?.(controller, coded('ECONNRESET'));
      },
      reject: () => handler.onResponseError?.(controller, coded('UND_ERR_INVALID_ARG')),
      head: (status) => {
        start();
        handler.onResponseStart?.(controller, status, {}, '');
      },
      end: () => {
        pass(() => handler.onResponseData?.(controller, Buffer.from('body')));
        pass(() => handler.onResponseEnd?.(controller, {}));
      },
    });
    return true;
  }
}

function clientDispatcher(settings: ShellSettings): Shell {
  const sent: Sent[] = [];
  const options = { ...optionsOf(settings), dispatcher: new PlayedDispatcher(sent) };
  const shell = new BalancedDispatcher(settings.backends, options);
  return {
    balancer: shell.balancer,
    sent,
    ask(method = 'GET') {
      let controller: Dispatcher.DispatchController | undefined;
      const asked: Asked = { isDone: false, leave: () => controller?.abort(new Error('left')) };
      const request = { origin: 'http://x', path: '/', method: method as Dispatcher.HttpMethod };
      shell.dispatch(request, {
        onRequestStart: (started) => void (controller = started),
        onResponseStart: (_, status) => void (asked.status = status),
        onResponseData: () => {},
        onResponseEnd: () => void (asked.isDone = true),
        onResponseError: (_, error) =>
          void Object.assign(asked, { error, attempts: attemptsOf(error), isDone: true }),
      });
      return asked;
    },
    stats: () => shell.stats(),
  };
}

const engines: Engine[] = [];

/** Ends every gateway that was made. */
export function endGateways(): void {
  for (const engine of engines.splice(0)) engine.destroy();
}

/** A gateway without listeners, whose backends are played by hand. */
function aGateway(settings: ShellSettings) {
  /** By request: the attempts of its line in the access log. */
  const attempts = new Map<string, number>();
  const log: GatewayLog = {
    debug() {},
    info() {},
    warn() {},
    error: ({ error }: { error?: unknown }) => {
      throw error;
    },
    access: (record) => void attempts.set(record.requestId, record.attempts),
  };
  const { backends, failover, queue, maxInFlight: limit } = settings;
  const pool = {
    backends,
    strategy: 'round-robin' as const,
    retries: (failover ?? false) as never,
    queue: queue ?? false,
    ejection: false as const,
    circuitBreaker: false as const,
    slowStart: false as const,
    ...(limit === undefined ? {} : { maxInFlight: limit }),
  };
  const none = () => ({ open: 0, accepted: 0, refused: 0 });
  const engine = new Engine(resolved({ pools: { pool } }), log, none);
  engines.push(engine);
  const upstreams = engine.context.routes.routes[0]?.pool as UpstreamPool;
  const { balancer } = upstreams;
  const stats = () => ({ failover: upstreams.failover?.stats, queue: upstreams.queue?.stats });
  return { engine, upstreams, balancer, stats, attempts };
}

/** A client that tells its exchange when it has got everything, as listeners do. */
class ToldClient extends FakeClient {
  readonly asked: Asked = { isDone: false, leave: () => this.over?.(false) };
  over: ((isComplete: boolean) => void) | undefined;

  override writeHead(status: number, statusText: string, headers: string[]): void {
    super.writeHead(status, statusText, headers);
    this.asked.status = status;
  }

  override end(chunk: Buffer | undefined, trailers: string[] | undefined): void {
    super.end(chunk, trailers);
    this.over?.(true);
  }

  override abort(): void {
    super.abort();
    this.over?.(false);
  }
}

function gatewayRequest(settings: ShellSettings): Shell {
  const sent: Sent[] = [];
  const { engine, upstreams, balancer, stats, attempts } = aGateway(settings);
  for (const backend of balancer.backends) {
    vi.spyOn(upstreams.upstreamOf(backend).connections, 'send').mockImplementation((message, events) => {
      const call = new FakeCall(message, events);
      let takesMore = true;
      const waiting: (() => void)[] = [];
      const pass = (step: () => void) => {
        if (takesMore) step();
        else waiting.push(step);
      };
      call.resume = () => {
        takesMore = true;
        for (const step of waiting.splice(0)) step();
      };
      sent.push({
        url: backend.url,
        refuse: () => call.fail('ECONNREFUSED'),
        reset: () => call.connect().fail('ECONNRESET'),
        reject: () => call.fail('UND_ERR_INVALID_ARG'),
        head: (status) => {
          call.connect();
          takesMore = call.events.head(status, '', []);
        },
        end: () => pass(() => call.complete()),
      });
      return call;
    });
  }
  return {
    balancer,
    sent,
    ask(method = 'GET') {
      const client = new ToldClient({ method });
      const exchange = new Exchange(engine.context, client);
      client.over = (isComplete) => {
        exchange.closed(isComplete);
        client.asked.isDone = true;
        client.asked.attempts = attempts.get(exchange.request.id);
      };
      exchange.start();
      return client.asked;
    },
    stats,
  };
}

/** The socket of a client that asks for an upgrade. */
class UpgradeSocket extends Duplex {
  readonly asked: Asked = { isDone: false, leave: () => this.destroy() };

  constructor() {
    super({ allowHalfOpen: true });
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1];
    if (status !== undefined) this.asked.status ??= Number(status);
    done();
  }
}

function gatewayUpgrade(settings: ShellSettings): Shell {
  const sent: Sent[] = [];
  const { engine, upstreams, balancer, stats, attempts } = aGateway(settings);
  for (const backend of balancer.backends) {
    vi.spyOn(upstreams.upstreamOf(backend).connections, 'upgrade').mockImplementation(
      (_request, events: UpgradeEvents) => {
        const tunnel = new UpgradeSocket();
        const body = Object.assign(new Readable({ read() {} }), { complete: false });
        const head = (status: number) => ({ status, statusText: '', headers: [], protocol: 'websocket' });
        sent.push({
          url: backend.url,
          refuse: () => events.failed(new BackendFailure(coded('ECONNREFUSED'), false)),
          reset: () => events.failed(new BackendFailure(coded('ECONNRESET'), true)),
          reject: () => events.failed(new BackendFailure(coded('UND_ERR_INVALID_ARG'), false)),
          head: (status) => {
            if (status === 101) events.upgraded(head(status), tunnel as never, Buffer.alloc(0));
            else events.declined(head(status), body as DeclinedBody);
          },
          end: () => {
            body.complete = true;
            body.push(null);
            tunnel.destroy();
          },
        });
        return () => {};
      },
    );
  }
  return {
    balancer,
    sent,
    ask(method = 'GET') {
      const socket = new UpgradeSocket();
      const rawHeaders = ['Host', 'a.test', 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
      const request = new IncomingRequest(new FakeClient({ method, rawHeaders }));
      const upgrade = new Upgrade(engine.context, request, socket as never, Buffer.alloc(0));
      upgrade.start();
      const { asked } = socket;
      return Object.defineProperties(asked, {
        isDone: { get: () => upgrade.isOver },
        attempts: { get: () => attempts.get(request.id) },
      });
    },
    stats,
  };
}

const EVERY = ['GET', 'PUT', 'POST'];

export const SHELLS: readonly ShellKind[] = [
  { name: 'Loadbalancer', make: loadbalancer, throws: true, ok: 200, methods: EVERY },
  { name: 'balancedFetch', make: clientFetch, throws: true, ok: 200, methods: EVERY },
  { name: 'the handler over fetch', make: fetchHandler, throws: true, ok: 200, methods: EVERY },
  { name: 'BalancedDispatcher', make: clientDispatcher, throws: true, ok: 200, methods: EVERY },
  { name: 'a request of the gateway', make: gatewayRequest, throws: false, ok: 200, methods: EVERY },
  { name: 'an upgrade of the gateway', make: gatewayUpgrade, throws: false, ok: 101, methods: ['GET'] },
];
