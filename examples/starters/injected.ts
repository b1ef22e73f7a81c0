// A load balancer by constructor injection: the HTTP service, the pool and the logger come from outside.
// Requests for one path go to one backend, whose cache then has it; the load is even; an error of a backend
// is the client's answer.
import {
  type HTTPService,
  type ILoggerService,
  Loadbalancer,
  type Request,
  type Response,
  type ResponseWriter,
} from 'evenkeel';

/** Backends with a cache each, without a network. */
export class CachingBackends implements HTTPService {
  readonly requests = new Map<string, number>();
  readonly broken = new Set<string>();
  hits = 0;
  readonly #cached = new Set<string>();

  async sendRequest(url: string, request: Request): Promise<Response> {
    const { host } = new URL(url);
    if (this.broken.has(host)) throw new Error(`${host} is broken`);
    this.requests.set(host, (this.requests.get(host) ?? 0) + 1);
    if (this.#cached.has(url)) this.hits++;
    this.#cached.add(url);
    return { status: 200, data: `${request.method} ${request.path} ${request.payload}, from ${host}` };
  }
}

/** Keeps what the client would read. */
class KeepingWriter implements ResponseWriter {
  readonly answers: string[] = [];
  readonly headers: Record<string, string> = {};

  writeResponse({ status, data }: Response): void {
    this.answers.push(`${status} ${data}`);
  }

  writeHeader(header: string, value: string): void {
    this.headers[header] = value;
  }

  writeError(error: Error): void {
    this.answers.push(`error: ${error.message}`);
  }
}

/** Asks for each path so many times. @returns what the client read */
export async function serve(
  httpService: HTTPService,
  backendPool: { IPAddr: string; Port: number }[],
  loggerService: ILoggerService,
  paths: readonly string[],
  times: number,
): Promise<string[]> {
  const loadbalancer = new Loadbalancer(httpService, backendPool, loggerService);
  const writer = new KeepingWriter();
  for (let i = 0; i < times; i++)
    for (const path of paths)
      await loadbalancer.onRequest({ id: `${path} ${i}`, path, method: 'POST', payload: 'body' }, writer);
  return writer.answers;
}
