// Reads a configuration of nginx: upstream and server blocks, and what is inside of them.
import { Draft, type DraftBackend, type DraftListener, type DraftPool, poolNameOf } from './draft.ts';
import { type Directive, parseNginx } from './nginx-syntax.ts';

/** What has no counterpart because it needs none. */
const NEEDLESS = new Set([
  ...['events', 'worker_processes', 'worker_connections', 'user', 'pid', 'sendfile', 'tcp_nopush'],
  ...['tcp_nodelay', 'default_type', 'include', 'keepalive', 'keepalive_timeout', 'keepalive_requests'],
  ...['zone', 'proxy_http_version', 'access_log', 'error_log', 'log_format', 'types_hash_max_size'],
  ...['worker_rlimit_nofile', 'multi_accept', 'use', 'resolver', 'server_tokens'],
]);
/** Headers that the gateway sets by itself. */
const OWN_HEADERS = /^(host|x-real-ip|x-forwarded-(for|proto|host|port)|connection|upgrade|forwarded)$/i;

/** @throws ConfigError with the line of the first mistake in the syntax */
export function readNginx(text: string, file: string): Draft {
  const draft = new Draft();
  const directives = parseNginx(text, file);
  const http = directives.flatMap((one) => (one.name === 'http' ? (one.block ?? []) : [one]));
  const upstreams = http.filter(({ name }) => name === 'upstream');
  for (const upstream of upstreams) readUpstream(draft, upstream);
  for (const directive of http) {
    if (directive.name === 'server') new ServerReader(draft, directive).read();
    else if (directive.name !== 'upstream') leave(draft, directive);
  }
  return draft;
}

function leave(draft: Draft, { name, args, line }: Directive): void {
  if (!NEEDLESS.has(name)) draft.note(line, `${[name, ...args].join(' ')}: not taken over`);
}

function readUpstream(draft: Draft, { args, block = [], line }: Directive): void {
  const name = poolNameOf(args[0] ?? '');
  const pool: DraftPool = { backends: [], strategy: 'round-robin', health: false };
  draft.pools.set(name, pool);
  for (const directive of block) if (directive.name !== 'server') readBalancing(draft, pool, directive);
  const isRing = typeof pool.strategy === 'object';
  for (const directive of block) if (directive.name === 'server') readServer(draft, pool, directive, isRing);
  if (pool.backends.length === 0) draft.note(line, `upstream ${name}: has no server that was taken over`);
}

function readBalancing(draft: Draft, pool: DraftPool, directive: Directive): void {
  const { name, args, line } = directive;
  if (name === 'least_conn') pool.strategy = 'least-connections';
  else if (name === 'random') {
    pool.strategy = args[0] === 'two' ? 'power-of-two' : 'random';
  } else if (name === 'ip_hash') {
    pool.strategy = 'ip-hash';
    draft.note(line, 'ip_hash: by another hash here, so that clients change their backend once');
  } else if (name === 'hash') {
    readKey(draft, pool, args[0] ?? '', line);
    if (args[1] === 'consistent') {
      pool.strategy = { name: 'consistent-hash', ring: 'nginx' };
      pool.bounds = false;
    } else {
      pool.strategy = 'consistent-hash';
      draft.note(line, 'hash without consistent: consistent here, so that keys change their backend once');
    }
  } else leave(draft, directive);
}

function readKey(draft: Draft, pool: DraftPool, key: string, line: number): void {
  const [, kind, rest = ''] = /^\$\{?(http|cookie|arg)_(\w+)\}?$/.exec(key) ?? [];
  if (key === '$request_uri') pool.affinity = { by: 'path' };
  else if (key === '$remote_addr') pool.affinity = { by: 'client-address' };
  else if (kind === 'http') pool.affinity = { by: 'header', name: rest.replaceAll('_', '-') };
  else if (kind === 'cookie') pool.affinity = { by: 'cookie', name: rest };
  else draft.note(line, `hash ${key}: keys by the path with its query here, which moves keys`);
}

function readServer(draft: Draft, pool: DraftPool, { args, line }: Directive, isRing: boolean): void {
  const [address = '', ...settings] = args;
  if (address.startsWith('unix:')) {
    draft.note(line, `server ${address}: sockets of a file system are not supported`);
    return;
  }
  const backend: DraftBackend = { url: `http://${address}` };
  // The points of a server depend on its name, which a URL loses port 80 of.
  if (isRing && !/:(?!80$)\d+$/.test(address)) backend.id = address;
  for (const setting of settings) {
    const [name = '', value = ''] = setting.split('=', 2);
    if (name === 'weight') backend.weight = Number(value);
    else if (name === 'backup') backend.backup = true;
    else if (name === 'down') backend.weight = 0;
    else if (name === 'max_conns' && pool.maxInFlight === undefined) pool.maxInFlight = Number(value);
    else if (name === 'max_conns' && pool.maxInFlight === Number(value)) continue;
    else if (name === 'max_fails' || name === 'fail_timeout')
      draft.note(line, `${setting}: \`ejection\` of the pool takes its place`);
    else draft.note(line, `server ${address} ${setting}: not taken over`);
  }
  const known = pool.backends.find(({ url }) => url === backend.url);
  if (known === undefined) pool.backends.push(backend);
  else known.weight = joined(known.weight ?? 1, backend.weight ?? 1, isRing);
}

/** A server that is listed twice: on the ring both have the same points. */
function joined(one: number, other: number, isRing: boolean): number {
  return isRing ? Math.max(one, other) : one + other;
}

/** Reads one server block. */
class ServerReader {
  readonly #draft: Draft;
  readonly #server: Directive;
  #hosts: (string | undefined)[] = [];
  readonly #listeners: DraftListener[] = [];

  constructor(draft: Draft, server: Directive) {
    this.#draft = draft;
    this.#server = server;
  }

  read(): void {
    const { block = [] } = this.#server;
    const draft = this.#draft;
    const listens = block.filter(({ name }) => name === 'listen');
    const argumentOf = (name: string) => block.find((one) => one.name === name)?.args[0];
    const [cert, key] = [argumentOf('ssl_certificate'), argumentOf('ssl_certificate_key')];
    this.#hosts = this.#hostsOf(block);
    const isDefault = listens.some(({ args }) => args.includes('default_server'));
    if (isDefault && !this.#hosts.includes(undefined)) this.#hosts.push(undefined);
    for (const listen of listens.length > 0 ? listens : [{ args: ['80'], line: this.#server.line }])
      this.#listen(listen, cert, key);
    for (const directive of block) {
      if (directive.name === 'location') this.#location(directive);
      else if (directive.name === 'return') this.#return(directive, '/');
      else if (!/^(listen|server_name|ssl_certificate|ssl_certificate_key)$/.test(directive.name))
        leave(draft, directive);
    }
  }

  #hostsOf(block: readonly Directive[]): (string | undefined)[] {
    const names = block.filter(({ name }) => name === 'server_name');
    const hosts = names.flatMap(({ args, line }) =>
      args.flatMap((name) => {
        if (name === '_' || name === '') return [undefined];
        if (name.startsWith('.')) return [name.slice(1), `*${name}`];
        if (!/[~$]|.\*/.test(name)) return [name];
        this.#draft.note(line, `server_name ${name}: patterns of this kind are not supported`);
        return [];
      }),
    );
    return names.length === 0 ? [undefined] : hosts;
  }

  #listen({ args, line }: Pick<Directive, 'args' | 'line'>, cert?: string, key?: string): void {
    const [address = '80', ...settings] = args;
    const [, host, port = '80'] = /^(?:(.*?):)?(\d+)$/.exec(address) ?? [undefined, address];
    if (address.startsWith('unix:')) {
      this.#draft.note(line, `listen ${address}: not supported`);
      return;
    }
    const isAny = host === undefined || host === '*' || host === '0.0.0.0' || host === '[::]';
    const listener = this.#draft.listener(isAny ? undefined : host.replace(/[[\]]/g, ''), Number(port));
    if (!this.#listeners.includes(listener)) this.#listeners.push(listener);
    if (settings.includes('ssl')) {
      if (cert === undefined || key === undefined)
        this.#draft.note(line, 'listen ... ssl: has no ssl_certificate and ssl_certificate_key');
      else this.#draft.certify(listener, cert, key);
    }
    for (const setting of settings)
      if (!/^(ssl|http2|default_server|reuseport|ipv6only=\w+|backlog=\d+)$/.test(setting))
        this.#draft.note(line, `listen ${address} ${setting}: not taken over`);
  }

  #location({ args, block = [], line }: Directive): void {
    const [modifier = '/', named] = args;
    const path = named ?? modifier;
    if (modifier === '~' || modifier === '~*' || modifier.startsWith('@')) {
      this.#draft.note(line, `location ${args.join(' ')}: not taken over, as paths are prefixes here`);
      return;
    }
    if (modifier === '=') this.#draft.note(line, `location = ${path}: matches the paths below it, too`);
    const headers: Record<string, string> = {};
    for (const directive of block) {
      if (directive.name === 'proxy_set_header') this.#header(directive, headers);
      else if (directive.name === 'return') this.#return(directive, path);
      else if (directive.name !== 'proxy_pass' && !/^proxy_(read|connect|send)_timeout$/.test(directive.name))
        leave(this.#draft, directive);
    }
    const pass = block.find(({ name }) => name === 'proxy_pass');
    if (pass !== undefined) this.#pass(pass, path, block, headers);
    else if (!block.some(({ name }) => name === 'return'))
      this.#draft.note(line, `location ${args.join(' ')}: has no proxy_pass`);
  }

  #header({ args, line }: Directive, headers: Record<string, string>): void {
    const [name = '', value = ''] = args;
    if (OWN_HEADERS.test(name)) return;
    if (value.includes('$'))
      this.#draft.note(line, `proxy_set_header ${name} ${value}: has a variable, not taken over`);
    else headers[name] = value;
  }

  #pass(
    { args, line }: Directive,
    path: string,
    block: readonly Directive[],
    set: Record<string, string>,
  ): void {
    const [, scheme = 'http', name = '', uri = ''] =
      /^(https?):\/\/([^/]+)(\/.*)?$/.exec(args[0] ?? '') ?? [];
    if (name === '' || name.includes('$')) {
      this.#draft.note(line, `proxy_pass ${args[0] ?? ''}: not taken over`);
      return;
    }
    const pool = poolNameOf(name);
    const known = this.#draft.pools.get(pool);
    if (known === undefined)
      this.#draft.pools.set(pool, { backends: [{ url: `${scheme}://${name}` }], health: false });
    else if (scheme === 'https')
      for (const one of known.backends) one.url = one.url.replace(/^http:/, 'https:');
    const timeouts = timeoutsOf(block);
    const prefix = path.length > 1 ? path.replace(/\/$/, '') : path;
    for (const host of this.#hosts)
      this.#draft.route(
        {
          ...(host !== undefined && { host }),
          path: prefix,
          pool,
          ...(uri === '/' && prefix !== '/' && { stripPrefix: true }),
          ...(uri.length > 1 && { rewrite: uri.replace(/\/$/, '') }),
          ...(timeouts && { timeouts }),
          ...(Object.keys(set).length > 0 && { requestHeaders: { set } }),
        },
        this.#listeners,
        line,
      );
  }

  #return({ args, line }: Directive, path: string): void {
    const [status = '', target = ''] = args;
    const [, scheme] = /^(https?):\/\/\$(?:host|server_name)\$request_uri$/.exec(target) ?? [];
    const code = Number(status);
    if (scheme === undefined || ![301, 302, 303, 307, 308].includes(code)) {
      this.#draft.note(line, `return ${args.join(' ')}: not taken over`);
      return;
    }
    const redirect = { scheme: scheme as 'https', status: code as 301 };
    for (const host of this.#hosts)
      this.#draft.route({ ...(host !== undefined && { host }), path, redirect }, this.#listeners, line);
  }
}

/** Time limits of a location, in milliseconds. */
function timeoutsOf(block: readonly Directive[]): { headersMs: number; bodyMs: number } | undefined {
  const text = block.find(({ name }) => name === 'proxy_read_timeout')?.args[0];
  const [, value, unit = 's'] = /^(\d+)(ms|s|m|h)?$/.exec(text ?? '') ?? [];
  if (value === undefined) return undefined;
  const ms = Number(value) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms'];
  return ms > 0 ? { headersMs: ms, bodyMs: ms } : undefined;
}
