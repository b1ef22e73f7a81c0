import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ResolvedListener } from '../config/resolved-config.ts';
import type { ListeningAddress } from '../contracts.ts';
import { type ActiveMember, ActiveSet } from '../forwarding/active-set.ts';
import type { Context } from '../forwarding/context.ts';
import { Certificates } from './certificates.ts';
import { Http1Server } from './http1-server.ts';
import { Http2Server } from './http2-server.ts';
import { listenError } from './listen-error.ts';
import { priorKnowledgeServer } from './prior-knowledge.ts';
import { replaceDefault, tlsServer } from './tls.ts';

/** An open connection. */
interface OpenConnection extends ActiveMember {
  readonly socket: Socket;
}

/** One address at which clients are served. */
export class Listener {
  readonly #config: ResolvedListener;
  readonly #context: () => Context;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server | undefined;
  readonly #certificates: Certificates | undefined;
  readonly #server: Server;
  /**
   * Connections that were accepted and are not yet closed; those of node:http alone it would close by itself.
   */
  readonly #connections = new ActiveSet<OpenConnection>();
  #accepted = 0;
  #refused = 0;

  /** @param context - what the next request works with */
  constructor(config: ResolvedListener, context: () => Context) {
    const { tls, h2c } = config;
    this.#config = config;
    this.#context = context;
    this.#http1 = new Http1Server(context);
    this.#http2 = tls?.http2 || h2c ? new Http2Server(context) : undefined;
    this.#certificates = tls && new Certificates(tls);
    this.#server = this.#open();
    this.#server.maxConnections = context().limits.connections;
    this.#server.on('connection', (socket: Socket) => {
      this.#accepted++;
      const connection = { socket, place: -1 };
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
    this.#server.on('drop', () => this.#refused++);
  }

  get connections(): { open: number; accepted: number; refused: number } {
    return { open: this.#connections.size, accepted: this.#accepted, refused: this.#refused };
  }

  /** @throws ConfigError where the address cannot be used */
  listen(): Promise<ListeningAddress> {
    const { host, port, tls } = this.#config;
    const protocol = tls === undefined ? 'http' : 'https';
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(listenError(this.#config, error));
      this.#server.once('error', fail);
      this.#server.listen({ port, host }, () => {
        this.#server.off('error', fail);
        // For example for want of file descriptors: those who are connected are served on.
        this.#server.on('error', (error) =>
          this.#context().log.warn({ error: String(error) }, 'cannot accept'),
        );
        const address = this.#server.address() as { address: string; port: number };
        resolve({ host: address.address, port: address.port, protocol });
      });
    });
  }

  /** Whether a configuration is about this address. */
  isAt({ host, port }: ResolvedListener): boolean {
    return host === this.#config.host && port === this.#config.port;
  }

  /**
   * Takes what can change while it listens: limits and timeouts, for connections from now on, and
   * certificates. How long a TLS handshake may take stays: node:tls is told once.
   */
  update({ tls }: ResolvedListener): void {
    this.#server.maxConnections = this.#context().limits.connections;
    this.#http1.update();
    this.#http2?.update();
    if (tls === undefined || this.#certificates === undefined) return;
    this.#certificates.replace(tls);
    replaceDefault(this.#server as ReturnType<typeof tlsServer>, tls);
  }

  /** No further connections; each one that is open ends with its next answer. */
  stopAccepting(): void {
    if (this.#server.listening) this.#server.close();
    this.#http1.isClosing = true;
    this.#http2?.closeAfterAnswers();
  }

  /** Ends every connection. */
  destroy(): void {
    for (const { socket } of this.#connections) socket.destroy();
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
