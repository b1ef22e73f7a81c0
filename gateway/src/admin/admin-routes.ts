// Every path that the admin listener serves.
import { canonicalId } from 'evenkeel/internal';
import type { Command, Control, GatewayLog, GatewayStats } from '../contracts.ts';
import type { RouteAccess } from './admin-access.ts';
import { type AdminAnswer, jsonAnswer, jsonTextAnswer } from './admin-answer.ts';
import { badRequest } from './admin-error.ts';
import { queryInput } from './admin-input.ts';
import { COMMANDS } from './commands.ts';
import { explainQuery } from './explain-query.ts';
import { PacedReport } from './paced-report.ts';
import { planQuery } from './plan-query.ts';

/** The dashboard. */
export interface DashboardPage {
  readonly html: string;
  /** Its `Content-Security-Policy`; it must forbid frames. */
  readonly contentSecurityPolicy: string;
}

/** What the routes need. */
export interface RouteParts {
  readonly control: Control;
  readonly log: GatewayLog;
  isReady(): boolean;
  isLive(): boolean;
  /** Left out: no dashboard is served. */
  readonly dashboard?: (() => DashboardPage) | undefined;
}

/** A request as a route sees it. */
interface AdminCall {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly clientAddress: string | undefined;
  /** @throws AdminError if it is too large, not JSON, or of another media type */
  body(): Promise<unknown>;
}

type Handler = (call: AdminCall) => AdminAnswer | Promise<AdminAnswer>;

/** One path: its methods and what they need. */
export interface AdminRoute extends RouteAccess {
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', Handler>>>;
}

/** The text format of Prometheus. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The place of all paths `/backends/{id}` among the routes. */
const ONE_BACKEND = '/backends/{id}';
const BACKENDS = '/backends/';

/** The route of a path. */
export function routeAt(routes: ReadonlyMap<string, AdminRoute>, path: string): AdminRoute | undefined {
  const isOne = path.startsWith(BACKENDS) && path.length > BACKENDS.length;
  return routes.get(isOne ? ONE_BACKEND : path);
}

/**
 * Everything that the admin listener serves, by path. Bodies, answers and errors (`{ code, message }`) are
 * JSON; `pool` may be left out where there is one.
 *
 * - `GET /stats`: the {@link GatewayStats}
 * - `GET /metrics`: the same for Prometheus
 * - `GET /explain?path=/a&host=&method=&clientAddress=&header=Name:value`: where a request would go, and why;
 *   `header` may be repeated
 * - `GET /plan?pool=&add=URL&remove=ID&weight=ID=2`: which keys a change would move; all but `pool` may be
 *   repeated
 * - `GET /healthz`, `GET /readyz`: 200, or 503
 * - `POST /backends` `{ pool, url, id, weight, zone, backup }`, where `url` alone is needed: adds a backend
 * - `PUT /backends/{id}?ttl=` `{ pool, url, weight, zone, backup, concurrency, draining }`: registers a
 * backend, or
 *   renews it, for `ttl` seconds, or until it is removed; 201 for a new one, else 200
 * - `DELETE /backends?pool=&id=`, `DELETE /backends/{id}?pool=`: removes one
 * - `POST /drain`, `POST /resume` `{ pool, id }`: lets one end its work, and take more again
 * - `POST /weight` `{ pool, id, weight }`
 * - `GET /`: the dashboard
 *
 * A change is answered with the command that it was taken for.
 */
export function adminRoutes(parts: RouteParts): ReadonlyMap<string, AdminRoute> {
  const { control, dashboard, isReady, isLive } = parts;
  const stats = new PacedReport(async () => JSON.stringify(await control.stats()));
  const exposition = new PacedReport(async () => {
    // Loaded at the first call: without metrics the library costs no memory.
    const { renderMetrics } = await import('./metrics.ts');
    return renderMetrics(await control.stats());
  });
  const routes: [string, AdminRoute][] = [
    ['/healthz', probe(isLive, 'alive')],
    ['/readyz', probe(isReady, 'ready')],
    ['/favicon.ico', { isPublic: true, methods: { GET: () => ({ status: 204, headers: {}, body: '' }) } }],
    ['/stats', { methods: { GET: async () => jsonTextAnswer(200, await stats.get()) } }],
    ['/metrics', { methods: { GET: async () => textAnswer(METRICS_TYPE, await exposition.get()) } }],
    [
      '/explain',
      { methods: { GET: async ({ query }) => jsonAnswer(200, await control.explain(explainQuery(query))) } },
    ],
    [
      '/plan',
      {
        methods: {
          GET: async ({ query }) => jsonAnswer(200, await control.plan(await planQuery(query, control))),
        },
      },
    ],
    ['/backends', { methods: { POST: change('add', parts), DELETE: change('remove', parts) } }],
    [ONE_BACKEND, { methods: { PUT: register(parts), DELETE: change('remove', parts) } }],
    ['/drain', { methods: { POST: change('drain', parts) } }],
    ['/resume', { methods: { POST: change('resume', parts) } }],
    ['/weight', { methods: { POST: change('weight', parts) } }],
  ];
  if (dashboard !== undefined)
    routes.push(['/', { isPublic: true, methods: { GET: () => pageAnswer(dashboard()) } }]);
  return new Map(routes);
}

function probe(holds: () => boolean, word: string): AdminRoute {
  const GET = () =>
    holds() ? jsonAnswer(200, { status: word }) : jsonAnswer(503, { status: `not ${word}` });
  return { isPublic: true, isProbe: true, methods: { GET } };
}

/**
 * Makes a change and returns it. The query names the backend to remove, since few clients send a body with
 * DELETE.
 */
function change(type: Exclude<Command['type'], 'put'>, { control, log }: RouteParts): Handler {
  return async ({ path, query, clientAddress, body }) => {
    const input = type === 'remove' ? { ...idIn(path), ...(queryInput(query) as object) } : await body();
    const command = await COMMANDS[type](input, control);
    await control.change(command);
    const backend = typeof command.backend === 'string' ? command.backend : command.backend.url;
    log.info(
      { change: type, pool: command.pool, backend, clientAddress },
      'a backend was changed by an operator',
    );
    return jsonAnswer(type === 'add' ? 201 : 200, command);
  };
}

/** Registers a backend. A beat of one that is registered is no line in the log. */
function register({ control, log }: RouteParts): Handler {
  return async ({ path, query, clientAddress, body }) => {
    const input = { ...((await body()) as object), ...(queryInput(query) as object), ...idIn(path) };
    const command = await COMMANDS.put(input, control);
    const { pool, backend } = command;
    const { pools } = await control.stats();
    const isKnown = pools.some(
      (one) => one.name === pool && one.backends.some(({ id }) => id === backend.id),
    );
    await control.change(command);
    if (!isKnown) log.info({ pool, backend: backend.id, clientAddress }, 'a backend has registered');
    return jsonAnswer(isKnown ? 200 : 201, command);
  };
}

/** @throws AdminError if the id is not percent-encoded well */
function idIn(path: string): { readonly id?: string } {
  if (!path.startsWith(BACKENDS)) return {};
  try {
    return { id: canonicalId(decodeURIComponent(path.slice(BACKENDS.length))) };
  } catch {
    throw badRequest('the id in the path must be percent-encoded UTF-8');
  }
}

function textAnswer(type: string, body: string): AdminAnswer {
  return { status: 200, headers: { 'Content-Type': type }, body };
}

function pageAnswer({ html, contentSecurityPolicy }: DashboardPage): AdminAnswer {
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': contentSecurityPolicy,
  };
  return { status: 200, headers, body: html };
}
