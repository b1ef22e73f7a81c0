import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Precedence } from './message-parts.ts';
import { header, type Message, readRequests } from './messages.ts';

/** What a backend does where it is to answer: bytes to send, or anything else with its socket. */
export type Reply = string | Buffer | ((socket: Socket, request: Message, nth: number) => unknown);

/** What a backend does, and when. */
export interface Script {
  /** As soon as it has a whole request. */
  readonly complete?: Reply;
  /** As soon as it has a request's head. `complete` is left out then. */
  readonly head?: Reply;
  /** With a new connection; nothing of it is read for requests. */
  readonly connect?: (socket: Socket, nth: number) => unknown;
}

/** One connection to a backend, as it saw it. */
export interface UpstreamConnection {
  readonly socket: Socket;
  readonly bytes: Buffer;
  readonly received: number;
  /** How the other side ended it. */
  readonly ended: 'end' | 'reset' | undefined;
  readonly closed: boolean;
}

/** `HTTP/1.1 200 OK`, its headers, and a body with its length. */
export function reply(status: string, headers: readonly string[] = [], body = ''): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Answers with what was asked for. */
export const echo: Reply = (socket, request) => {
  const [method, target = ''] = request.startLine.split(' ');
  const answer = reply('200 OK', ['Content-Type: text/plain'], target);
  socket.write(method === 'HEAD' ? answer.slice(0, -target.length) : answer, 'latin1');
};

class Connection implements UpstreamConnection {
  readonly socket: Socket;
  received = 0;
  ended: 'end' | 'reset' | undefined;
  closed = false;
  answered = 0;
  /** The request, by its number, that was told to go on (`Expect: 100-continue`). */
  continued = 0;
  readonly #parts: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('end', () => {
      this.ended ??= 'end';
    });
    socket.on('error', () => {
      this.ended ??= 'reset';
    });
    socket.on('close', () => {
      this.closed = true;
    });
  }

  get bytes(): Buffer {
    if (this.#parts.length > 1) this.#parts.splice(0, this.#parts.length, Buffer.concat(this.#parts));
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.received += part.length;
  }
}

/** A backend that records raw bytes and does what its script says. */
export class Upstream {
  readonly connections: UpstreamConnection[] = [];
  /** May be changed while it runs. */
  script: Script;
  readonly #server: Server;
  #answered = 0;

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.script = script;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /** @param port - 0 for any that is free */
  static async start(script: Script = {}, port = 0): Promise<Upstream> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const upstream = new Upstream(server, script);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every request of every connection; the last of each connection may be incomplete. */
  requests(precedence?: Precedence): Message[] {
    return this.connections.flatMap(({ bytes }) => readRequests(bytes, precedence));
  }

  /** All that came, as text. */
  get text(): string {
    return this.connections.map(({ bytes }) => bytes.toString('latin1')).join('\n');
  }

  /** Lets go of every connection, and answers from now on what it is asked. */
  recover(): void {
    this.script = {};
    for (const { socket } of this.connections) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { socket } of this.connections) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const nth = this.connections.length;
    const connection = new Connection(socket);
    this.connections.push(connection);
    if (this.script.connect !== undefined) {
      this.script.connect(socket, nth);
      return;
    }
    socket.on('data', (part: Buffer) => {
      connection.add(part);
      this.#answer(connection);
    });
    socket.on('end', () => socket.end());
  }

  #answer(connection: Connection): void {
    const { head, complete = echo } = this.script;
    const requests = readRequests(connection.bytes).filter(({ headers }) => headers.length > 0);
    const last = requests.at(-1);
    if (head === undefined && last !== undefined && !last.complete) {
      if (connection.continued !== requests.length && header(last, 'expect') === '100-continue')
        connection.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      connection.continued = requests.length;
    }
    const ready = requests.filter(({ complete }) => complete || head !== undefined);
    for (const request of ready.slice(connection.answered)) {
      connection.answered++;
      this.#send(head ?? complete, connection.socket, request);
    }
  }

  #send(answer: Reply, socket: Socket, request: Message): void {
    if (typeof answer !== 'function') {
      if (!socket.destroyed) socket.write(answer, 'latin1');
      return;
    }
    void answer(socket, request, this.#answered++);
  }
}
