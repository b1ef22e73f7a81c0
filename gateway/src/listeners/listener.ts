// One address at which clients are served: it accepts connections and hands them to HTTP/1.1 or HTTP/2.
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { handedOver } from '../config/handed-over.ts';
import type { ResolvedListener } from '../config/resolved-config.ts';
import { socketPath } from '../config/unix-socket.ts';
import type { ListeningAddress } from '../contracts.ts';
import { type ActiveMember, ActiveSet } from '../forwarding/active-set.ts';
import type { Context } from '../forwarding/context.ts';
import { ClientCounts } from '../message/client-counts.ts';
import { isTrusted, plainAddress } from '../message/trusted-proxies.ts';
import { Certificates } from './certificates.ts';
import { mostConnections } from './file-limit.ts';
import { Http1Server } from './http1-server.ts';
import { Http2Server } from './http2-server.ts';
import { listenError } from './listen-error.ts';
import { priorKnowledgeServer } from './prior-knowledge.ts';
import { removeStale } from './stale-socket.ts';
import { replaceDefault, tlsServer } from './tls.ts';

/** An open connection. */
interface OpenConnection extends ActiveMember {
  readonly socket: Socket;
}

/** Less than this part of `limits.connections` is worth a warning. */
const FEW = 0.9;

/** A listener for clients. */
export class Listener {
  readonly #config: ResolvedListener;
  readonly #context: () => Context;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server | undefined;
  readonly #certificates: Certificates | undefined;
  readonly #server: Server;
  /** Connections that were accepted and are not yet closed. */
  readonly #connections = new ActiveSet<OpenConnection>();
  readonly #clients = new ClientCounts();
  /** Whether it listens at a unix socket, whose peers have no address. */
  isUnix = false;
  #accepted = 0;
  #refused = 0;

  /** @param context - returns the context of the next request */
  constructor(config: ResolvedListener, context: () => Context) {
    const { tls, h2c } = config;
    this.#config = config;
    this.#context = context;
    this.#http1 = new Http1Server(context, this);
    this.#http2 = tls?.http2 || h2c ? new Http2Server(context, this) : undefined;
    this.#certificates = tls && new Certificates(tls);
    this.#server = this.#open();
    this.#limit();
    this.#server.prependListener('connection', (socket: Socket) => this.#count(socket));
    this.#server.on('drop', () => this.#refused++);
  }

  get connections(): { open: number; accepted: number; refused: number } {
    return { open: this.#connections.size, accepted: this.#accepted, refused: this.#refused };
  }

  /** @throws ConfigError if the address cannot be used */
  async listen(): Promise<ListeningAddress> {
    const { host, port, tls } = this.#config;
    const path = socketPath(host ?? '');
    const fd = handedOver(host ?? '');
    if (path !== undefined) await removeStale(path);
    const protocol = tls === undefined ? 'http' : 'https';
    const { limits, log } = this.#context();
    const { maxConnections } = this.#server;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(listenError(this.#config, error));
      this.#server.once('error', fail);
      this.#server.listen(
        fd === undefined ? (path === undefined ? { port, host } : { path }) : { fd },
        () => {
          this.#server.off('error', fail);
          if (maxConnections < FEW * limits.connections)
            log.warn(
              { maxConnections },
              'so few files may be open that limits.connections cannot be reached',
            );
          // For example because no more files may be opened: connections that are open are served on.
          this.#server.on('error', (error) => log.warn({ error: String(error) }, 'cannot accept'));
          this.#setMode(this.#config.mode);
          const address = this.#server.address();
          // node:net cannot name a unix socket that was handed over.
          this.isUnix = address === null || typeof address === 'string';
          if (address === null) resolve({ host: `fd:${fd}`, port: 0, protocol });
          else if (typeof address === 'string') resolve({ host: `unix:${address}`, port: 0, protocol });
          else resolve({ host: address.address, port: address.port, protocol });
        },
      );
    });
  }

  /** Whether a configuration has this address. */
  isAt({ host, port }: ResolvedListener): boolean {
    return host === this.#config.host && port === this.#config.port;
  }

  /**
   * Applies what can change while it listens: limits and timeouts for new connections, and certificates. The
   * time limit of TLS handshakes stays, as node:tls takes it once.
   */
  update({ tls, mode }: ResolvedListener): void {
    this.#limit();
    this.#setMode(mode);
    this.#http1.update();
    this.#http2?.update();
    if (tls === undefined || this.#certificates === undefined) return;
    this.#certificates.replace(tls);
    replaceDefault(this.#server as ReturnType<typeof tlsServer>, tls);
  }

  /** Says who may use the file of a unix socket. */
  #setMode(mode: string | undefined): void {
    const path = socketPath(this.#config.host ?? '');
    if (path !== undefined && mode !== undefined) chmodSync(path, Number.parseInt(mode, 8));
  }

  /** Announces the end: from now on each connection ends with its next response. */
  announceEnd(): void {
    this.#http1.isClosing = true;
    this.#http2?.announceEnd();
  }

  /** Takes no further connections; each one that is open ends with its next response. */
  stopAccepting(): void {
    if (this.#server.listening) this.#server.close();
    this.#http1.isClosing = true;
    this.#http2?.closeAfterResponses();
  }

  /** Ends every connection. */
  destroy(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  #limit(): void {
    this.#server.maxConnections = Math.min(this.#context().limits.connections, mostConnections());
  }

  /** Counts a connection, or closes it at once if its client has as many as it may. */
  #count(socket: Socket): void {
    const { limits, identity } = this.#context();
    const { connectionsPerClient: most } = limits;
    const address = plainAddress(socket.remoteAddress ?? '');
    let client: string | undefined;
    if (most !== undefined && address !== '' && !isTrusted(address, identity.trustedProxies)) {
      client = this.#clients.enter(address, most);
      if (client === undefined) {
        this.#refused++;
        // Not before node:tls has taken it.
        process.nextTick(() => socket.destroy());
        return;
      }
    }
    this.#accepted++;
    const connection = { socket, place: -1 };
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#connections.delete(connection);
      if (client !== undefined) this.#clients.leave(client);
    });
  }

  #open(): Server {
    const { tls, h2c } = this.#config;
    const headersMs = () => this.#context().timeouts.headersMs;
    const certificates = this.#certificates;
    if (tls !== undefined && certificates !== undefined) {
      const accept = (socket: TLSSocket) => {
        const { servername } = socket;
        const serves = servername
          ? (host: string) => host === servername || certificates.areTogether(servername, host)
          : undefined;
        if (socket.alpnProtocol === 'h2') this.#http2?.accept(socket, serves);
        else this.#http1.accept(socket, serves);
      };
      return tlsServer({ settings: tls, certificates, handshakeTimeoutMs: headersMs(), accept });
    }
    if (!h2c)
      return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#http1.accept(socket));
    return priorKnowledgeServer(headersMs, (socket, isHttp2) => {
      if (isHttp2) this.#http2?.accept(socket);
      else this.#http1.accept(socket);
    });
  }
}
