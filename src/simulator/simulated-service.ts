// Simulated servers behind the port of the injected class, so that all of `Loadbalancer` runs in a
// simulation.
import type { HTTPService, Request, Response, SendOptions } from '../index.ts';
import type { World } from './call.ts';
import { CallbackJob } from './job.ts';

/**
 * An HTTP service that leads to simulated servers. Whatever {@link SimulatedService.sizeOf} says a request
 * takes, a check takes 1 ms.
 */
export class SimulatedService implements HTTPService {
  readonly #world: World;
  readonly #checkPath: string;
  /** Milliseconds of work of a request. */
  readonly #sizeOf: (request: Request) => number;

  constructor(world: World, sizeOf: (request: Request) => number, checkPath = '/health') {
    this.#world = world;
    this.#sizeOf = sizeOf;
    this.#checkPath = checkPath;
  }

  sendRequest(url: string, request: Request, options?: SendOptions): Promise<Response> {
    const { origin } = new URL(url);
    const server = this.#world.servers.get(origin);
    if (server === undefined) throw new Error(`no server at ${origin}`);
    const isCheck = request.path === this.#checkPath;
    return new Promise((resolve, reject) => {
      options?.signal.addEventListener('abort', () => reject(options.signal.reason));
      server.receive(
        new CallbackJob(request.path, isCheck ? 1 : this.#sizeOf(request), (result) => {
          if (typeof result === 'number') resolve({ status: result, data: '' });
          else reject(Object.assign(new Error(result), result === 'refused' && { requestSent: false }));
        }),
      );
    });
  }
}
