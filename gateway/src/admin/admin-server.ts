// The admin listener: an HTTP/1.1 server for operators and Prometheus.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { handedOver } from '../config/handed-over.ts';
import { isLoopback } from '../config/host-names.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { Control, GatewayLog, ListeningAddress } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { listenError } from '../listeners/listen-error.ts';
import { linger } from '../local-reply/linger.ts';
import { AdminAccess } from './admin-access.ts';
import { type AdminAnswer, errorAnswer, SECURITY_HEADERS } from './admin-answer.ts';
import { hasMore, jsonBody } from './admin-body.ts';
import { AdminError } from './admin-error.ts';
import { type AdminRoute, adminRoutes, type DashboardPage, routeAt } from './admin-routes.ts';
import { targetOf } from './admin-target.ts';
import { timedControl } from './timed-control.ts';

/** Settings of the admin listener, with the token as text. */
export type AdminConfig = NonNullable<ResolvedConfig['admin']>;

/** What the admin listener needs. */
export interface AdminParts {
  readonly control: Control;
  readonly config: AdminConfig;
  readonly log: GatewayLog;
  /** Whether the gateway takes requests, for `/readyz`. */
  isReady(): boolean;
  /** Whether the process still works, for `/healthz`. @defaultValue always */
  isLive?(): boolean;
  /** The page at `/`; the configuration can turn it off. */
  readonly dashboard?: () => DashboardPage;
  /** The time limit of a call, in milliseconds. @defaultValue 10,000 */
  readonly answerMs?: number;
}

const MAX_CONNECTIONS = 128;
const IDLE_MS = 30_000;
const CLOSE_MS = 1_000;
const QUIET_MS = 60_000;
const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
};

/**
 * Serves {@link adminRoutes} on a listener of its own; {@link AdminAccess} decides which calls are accepted:
 * those with the bearer token or, without one, those from this machine.
 */
export class AdminServer {
  readonly #server: Server;
  readonly #config: AdminConfig;
  readonly #access: AdminAccess;
  readonly #routes: ReadonlyMap<string, AdminRoute>;
  readonly #log: GatewayLog;
  #quietUntil = 0;
  #closing: Promise<void> | undefined;

  constructor({
    control,
    config,
    log,
    isReady,
    isLive = () => true,
    dashboard,
    answerMs = 10_000,
  }: AdminParts) {
    this.#config = config;
    this.#log = log;
    this.#access = new AdminAccess(config.host, config.token);
    this.#routes = adminRoutes({
      control: timedControl(control, answerMs),
      log,
      isReady,
      isLive,
      dashboard: config.dashboard ? dashboard : undefined,
    });
    const server = createServer(LIMITS);
    server.maxConnections = MAX_CONNECTIONS;
    // Node silently drops headers beyond this number; their total size is limited anyway.
    server.maxHeadersCount = 0;
    server.timeout = IDLE_MS;
    server.on('request', (request, response) => void this.#take(request, response, () => {}));
    server.on('checkContinue', (request, response) => {
      void this.#take(request, response, () => response.writeContinue());
    });
    this.#server = server;
  }

  /**
   * Opens the listener.
   * @throws ConfigError if the address cannot be used, or if it can be reached from other machines and there
   *   is no token
   */
  listen(): Promise<ListeningAddress> {
    const { host, port, token } = this.#config;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(listenError(this.#config, error, 'admin: '));
      this.#server.once('error', fail);
      const fd = handedOver(host);
      this.#server.listen(fd === undefined ? { host, port } : { fd }, () => {
        this.#server.off('error', fail);
        this.#server.on('error', (error) => this.#log.error({ error }, 'the admin listener failed'));
        const address = this.#server.address();
        // A unix socket that was handed over: node:net cannot name it.
        if (address === null || typeof address === 'string') {
          resolve({ host, port: 0, protocol: 'http' });
          return;
        }
        // A host name is judged by the address that it resolves to.
        if (token !== undefined || isLoopback(address.address)) {
          resolve({ host: address.address, port: address.port, protocol: 'http' });
          return;
        }
        this.#server.close();
        const rule = `admin.token is missing; others than this machine can reach ${address.address}`;
        reject(new ConfigError([rule]));
      });
    });
  }

  /** Accepts no more calls, and ends calls in flight after a second. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS);
      // The only error is that it was not open.
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
    return this.#closing;
  }

  async #take(request: IncomingMessage, response: ServerResponse, begin: () => void): Promise<void> {
    // The client has left.
    response.on('error', () => {});
    try {
      const answer = await this.#answer(request, begin).catch((error) => this.#failure(request, error));
      this.#send(request, response, answer);
    } catch (error) {
      this.#log.error({ error }, 'the admin listener failed');
      response.destroy();
    }
  }

  async #answer(request: IncomingMessage, begin: () => void): Promise<AdminAnswer> {
    const target = targetOf(request);
    const route = routeAt(this.#routes, target.path);
    this.#access.check(request, target, route);
    if (route === undefined)
      throw new AdminError(404, 'ERR_ADMIN_NOT_FOUND', 'the admin listener has no such path');
    const methods = new Map(Object.entries(route.methods));
    const handler = methods.get(request.method === 'HEAD' ? 'GET' : (request.method ?? ''));
    if (handler === undefined) {
      const allow = [...methods.keys()]
        .flatMap((name) => (name === 'GET' ? [name, 'HEAD'] : [name]))
        .join(', ');
      throw new AdminError(405, 'ERR_ADMIN_METHOD', `the method must be one of ${allow}`, { Allow: allow });
    }
    const clientAddress = request.socket.remoteAddress;
    return handler({
      path: target.path,
      query: target.query,
      clientAddress,
      body: () => jsonBody(request, begin),
    });
  }

  #failure({ socket }: IncomingMessage, error: unknown): AdminAnswer {
    const answer = errorAnswer(error);
    const now = performance.now();
    if (answer.status === 500) this.#log.error({ error }, 'a call of the admin listener failed');
    if (answer.status === 401 && now >= this.#quietUntil) {
      this.#quietUntil = now + QUIET_MS;
      const clientAddress = socket.remoteAddress;
      this.#log.warn(
        { clientAddress },
        'a call without the right token was refused; the next minute tells of no other',
      );
    }
    return answer;
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: AdminAnswer): void {
    if (response.destroyed) return;
    if (hasMore(request)) {
      response.shouldKeepAlive = false;
      linger(request.socket);
      request.resume();
    }
    if (this.#closing !== undefined) response.shouldKeepAlive = false;
    const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
    response.writeHead(status, { ...SECURITY_HEADERS, ...headers, ...length });
    response.end(body);
  }
}
