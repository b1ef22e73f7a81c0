import { fail } from './case.ts';
import type { Running, Target, TargetOptions } from './target.ts';
import { Client } from './wire/client.ts';
import { H2Client, type H2Options } from './wire/h2-client.ts';
import { sleep } from './wire/poll.ts';
import { type Script, Upstream } from './wire/upstream.ts';

/** A backend that refuses connections: nobody listens at the first port, and none is given it by chance. */
export const REFUSING = 'http://127.0.0.1:1';

/** What one case works with; all that it started is stopped after it. */
export class Lab {
  readonly target: Target;
  readonly #upstreams: Upstream[] = [];
  readonly #running: Running[] = [];
  readonly #ends: (() => unknown)[] = [];

  constructor(target: Target) {
    this.target = target;
  }

  async upstream(script?: Script): Promise<Upstream> {
    const upstream = await Upstream.start(script);
    this.#upstreams.push(upstream);
    return upstream;
  }

  /** Starts the target in front of a backend of its own, or of those that are named. */
  async start(options: Partial<TargetOptions> = {}): Promise<Running> {
    const backends = options.backends ?? [(await this.upstream()).url];
    const running = await this.target.start({ ...options, backends });
    this.#running.push(running);
    return running;
  }

  /** One backend with the target in front of it. */
  async pair(
    script?: Script,
    options?: Partial<TargetOptions>,
  ): Promise<{ upstream: Upstream; port: number; running: Running }> {
    const upstream = await this.upstream(script);
    const running = await this.start({ backends: [upstream.url], ...options });
    return { upstream, running, port: running.port };
  }

  async client(port: number, tls?: Parameters<typeof Client.connect>[1]): Promise<Client> {
    const client = await Client.connect(port, tls);
    this.#ends.push(() => client.socket.destroy());
    return client;
  }

  async http2(port: number, options?: H2Options): Promise<H2Client> {
    const client = await H2Client.connect(port, options);
    this.#ends.push(() => client.socket.destroy());
    return client;
  }

  /** Leaves something to do for the end of the case. */
  after(end: () => unknown): void {
    this.#ends.push(end);
  }

  /**
   * Whether the targets still serve others.
   * @throws Finding where one does not
   */
  async confirmAlive(): Promise<void> {
    for (const upstream of this.#upstreams) upstream.recover();
    await sleep(30);
    for (const { port, plain } of this.#running) {
      const client = await this.client(port).catch(() => fail('takes no connections any more'));
      if (!plain) continue;
      client.write('GET /alive HTTP/1.1\r\nHost: alive.test\r\nConnection: close\r\n\r\n');
      const [answer] = await client.answered(1, 10_000);
      if (answer === undefined) fail('answers nobody any more');
    }
  }

  /** Tells that a target was stopped by its case. */
  forget(running: Running): void {
    this.#running.splice(this.#running.indexOf(running), 1);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
    await Promise.all(this.#running.splice(0).map((running) => running.stop()));
    await Promise.all(this.#upstreams.splice(0).map((upstream) => upstream.stop()));
  }
}
