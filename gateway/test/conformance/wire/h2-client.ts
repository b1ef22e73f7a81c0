import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import * as frames from './frames.ts';
import { encodeFields, type Field, HpackDecoder } from './hpack.ts';
import { until } from './poll.ts';

export interface H2Options {
  readonly tls?: ConnectionOptions;
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Whether to send the preface, and SETTINGS. @defaultValue true */
  readonly preface?: boolean;
  /** Whether to take what comes, by WINDOW_UPDATE. @defaultValue true */
  readonly reading?: boolean;
}

/** What came on one stream. */
export interface H2Answer {
  /** Header blocks: interim answers, the answer, trailers. */
  readonly blocks: Field[][];
  readonly body: Buffer[];
  ended: boolean;
  /** The code of RST_STREAM. */
  reset: number | undefined;
}

/** A client that writes raw frames and keeps what comes back. */
export class H2Client {
  readonly socket: Socket;
  readonly frames: frames.Frame[] = [];
  readonly settings = new Map<number, number>();
  ended: 'end' | 'reset' | undefined;
  /** The code of GOAWAY. */
  goaway: number | undefined;
  readonly #streams = new Map<number, H2Answer>();
  readonly #reader = new frames.FrameReader();
  readonly #decoder = new HpackDecoder();
  readonly #reading: boolean;
  #block: Buffer[] = [];

  private constructor(socket: Socket, reading: boolean) {
    this.socket = socket;
    this.#reading = reading;
    socket.setNoDelay(true);
    socket.on('data', (part: Buffer) => {
      for (const frame of this.#reader.read(part)) this.#take(frame);
    });
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

  static async connect(port: number, options: H2Options = {}): Promise<H2Client> {
    const { tls, settings = [], preface = true, reading = true } = options;
    const socket =
      tls === undefined
        ? connect({ port, host: '127.0.0.1' })
        : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...tls });
    const client = new H2Client(socket, reading);
    await once(socket, tls === undefined ? 'connect' : 'secureConnect');
    if (!preface) return client;
    client.write(Buffer.from(frames.PREFACE), frames.settingsFrame(settings));
    return client;
  }

  /** Writes bytes, all in one piece. */
  write(...parts: readonly Buffer[]): this {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts));
    return this;
  }

  /** Sends the head of a request, after SETTINGS of the other side have come. */
  async request(stream: number, fields: readonly Field[], flags = frames.END_STREAM): Promise<void> {
    await until(() => this.settings.size > 0 || this.frames.length > 0 || this.ended !== undefined, 2_000);
    this.write(frames.frame(frames.HEADERS, flags | frames.END_HEADERS, stream, encodeFields(fields)));
  }

  data(stream: number, body: string | Buffer, flags = 0): this {
    return this.write(frames.frame(frames.DATA, flags, stream, Buffer.from(body)));
  }

  resetStream(stream: number, code = frames.CANCEL): this {
    return this.write(frames.frame(frames.RST_STREAM, 0, stream, frames.uint32(code)));
  }

  stream(id: number): H2Answer {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    const fresh: H2Answer = { blocks: [], body: [], ended: false, reset: undefined };
    this.#streams.set(id, fresh);
    return fresh;
  }

  /** The status of a stream's answer; interim ones are left out. */
  status(id: number): number | undefined {
    const statuses = this.stream(id).blocks.map((block) => Number(new Map(block).get(':status')));
    return statuses.find((status) => status >= 200);
  }

  /** The body of a stream's answer, as far as it has come. */
  body(id: number): Buffer {
    return Buffer.concat(this.stream(id).body);
  }

  /** Waits until a stream, or the connection, is at its end. */
  async done(stream = 1, timeoutMs = 2_500): Promise<H2Answer> {
    const answer = this.stream(stream);
    const over = () => answer.ended || answer.reset !== undefined;
    await until(() => over() || this.goaway !== undefined || this.ended !== undefined, timeoutMs);
    return answer;
  }

  /** In few words, for the table. */
  summary(stream = 1): string {
    const { reset, ended } = this.stream(stream);
    const parts = [
      this.status(stream)?.toString() ?? 'no answer',
      reset === undefined ? (ended ? '' : 'not ended') : `RST ${reset}`,
      this.goaway === undefined ? '' : `GOAWAY ${this.goaway}`,
      this.ended === undefined ? '' : 'closed',
    ];
    return parts.filter((part) => part !== '').join(', ');
  }

  #take(frame: frames.Frame): void {
    this.frames.push(frame);
    if (this.frames.length > 10_000) this.frames.shift();
    const { type, flags, payload } = frame;
    const answer = frame.stream === 0 ? undefined : this.stream(frame.stream);
    if (type === frames.SETTINGS) this.#takeSettings(flags, payload);
    if (type === frames.PING && !(flags & frames.ACK))
      this.write(frames.frame(frames.PING, frames.ACK, 0, payload));
    if (type === frames.GOAWAY) this.goaway = payload.readUInt32BE(4);
    if (answer === undefined) return;
    if (type === frames.RST_STREAM) answer.reset = payload.readUInt32BE(0);
    if (type === frames.DATA) this.#takeData(frame.stream, answer, payload);
    if (type === frames.HEADERS || type === frames.CONTINUATION) {
      this.#block.push(payload);
      if (flags & frames.END_HEADERS) {
        answer.blocks.push(this.#decoder.decode(Buffer.concat(this.#block)));
        this.#block = [];
      }
    }
    const ends = type === frames.DATA || type === frames.HEADERS;
    if (ends && flags & frames.END_STREAM) answer.ended = true;
  }

  #takeData(stream: number, answer: H2Answer, payload: Buffer): void {
    answer.body.push(payload);
    if (!this.#reading || payload.length === 0) return;
    const update = frames.uint32(payload.length);
    this.write(frames.frame(frames.WINDOW_UPDATE, 0, 0, update));
    this.write(frames.frame(frames.WINDOW_UPDATE, 0, stream, update));
  }

  #takeSettings(flags: number, payload: Buffer): void {
    if (flags & frames.ACK) return;
    for (let at = 0; at + 6 <= payload.length; at += 6)
      this.settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    this.write(frames.frame(frames.SETTINGS, frames.ACK, 0));
  }
}
