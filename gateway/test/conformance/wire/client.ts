import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type Answer, readAnswers } from './messages.ts';
import { sleep, until } from './poll.ts';

/** A client that writes raw bytes and keeps all that comes back. */
export class Client {
  readonly socket: Socket;
  /** How the other side ended the connection. */
  ended: 'end' | 'reset' | undefined;
  /** Of the requests that were written, for reading their answers. */
  readonly methods: string[] = [];
  readonly #parts: Buffer[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (part: Buffer) => this.#parts.push(part));
    socket.on('end', () => {
      this.ended ??= 'end';
    });
    socket.on('error', () => {
      this.ended ??= 'reset';
    });
    socket.on('close', () => {
      this.ended ??= 'reset';
    });
  }

  /** @param localAddress - the address that it comes from */
  static async connect(port: number, tls?: ConnectionOptions, localAddress = '127.0.0.1'): Promise<Client> {
    const socket =
      tls === undefined
        ? connect({ port, host: '127.0.0.1', allowHalfOpen: true, localAddress })
        : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...tls });
    const client = new Client(socket);
    await once(socket, tls === undefined ? 'connect' : 'secureConnect');
    return client;
  }

  /** @param methods - of the requests in these bytes where one is not GET */
  write(bytes: string | Buffer, ...methods: string[]): this {
    this.methods.push(...methods);
    if (!this.socket.destroyed) this.socket.write(bytes, 'latin1');
    return this;
  }

  get bytes(): Buffer {
    if (this.#parts.length > 1) this.#parts.splice(0, this.#parts.length, Buffer.concat(this.#parts));
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  get answers(): Answer[] {
    const methods = this.methods.length === 0 ? ['GET'] : this.methods;
    return readAnswers(this.bytes, methods, this.ended === 'end');
  }

  /** Waits until so many whole answers have come, or the other side ends the connection. */
  async answered(count = 1, timeoutMs = 5_000): Promise<Answer[]> {
    const whole = () => this.answers.filter(({ complete }) => complete).length >= count;
    await until(() => this.ended !== undefined || whole(), timeoutMs);
    return this.answers;
  }

  /** Waits until the other side ends the connection. */
  closed(timeoutMs = 5_000): Promise<boolean> {
    return until(() => this.ended !== undefined, timeoutMs);
  }

  /** Waits until nothing more has come for a while. */
  async quiet(quietMs = 60): Promise<void> {
    for (let size = -1; size !== this.bytes.length && this.ended === undefined; ) {
      size = this.bytes.length;
      await sleep(quietMs);
    }
  }

  /** Ends the connection in an orderly way. */
  end(): void {
    this.socket.end();
  }

  /** Ends the connection with a reset where the platform can, else at once. */
  reset(): void {
    if (!this.socket.destroyed) this.socket.resetAndDestroy();
  }
}
