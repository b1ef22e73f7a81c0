// Reads a configuration of HAProxy: frontends, backends and listen sections.
import { ConfigError } from '../../errors.ts';
import { Draft, type DraftBackend, type DraftListener, type DraftPool, poolNameOf } from './draft.ts';

interface Line {
  readonly words: readonly string[];
  readonly number: number;
}

interface Section {
  readonly kind: string;
  readonly name: string;
  readonly line: number;
  readonly lines: readonly Line[];
}

/** What has no counterpart because it needs none. */
const NEEDLESS = /^(mode|log|maxconn|description|http-reuse|bind-process|default-server|retries)$/;
const NEEDLESS_OPTIONS =
  /^(httplog|dontlognull|forwardfor|http-keep-alive|http-server-close|redispatch|tcplog)$/;
const SECTIONS = /^(global|defaults|frontend|backend|listen|userlist|peers|resolvers|cache|program|mailers)$/;

/** @throws ConfigError if the text has no section */
export function readHaproxy(text: string, file: string): Draft {
  const draft = new Draft();
  const sections = sectionsOf(text);
  if (sections.length === 0) throw new ConfigError([`${file} must have a section such as backend, got none`]);
  for (const section of sections)
    if (section.kind === 'backend' || section.kind === 'listen') new BackendReader(draft, section).read();
  for (const section of sections) {
    if (section.kind === 'frontend' || section.kind === 'listen') new FrontendReader(draft, section).read();
    else if (section.kind !== 'backend' && section.kind !== 'global')
      for (const line of section.lines) leave(draft, line);
  }
  return draft;
}

function sectionsOf(text: string): Section[] {
  const sections: (Section & { lines: Line[] })[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const words = wordsOf(line);
    const [first, name = ''] = words;
    if (first === undefined) continue;
    if (SECTIONS.test(first) && !/^\s/.test(line))
      sections.push({ kind: first, name, line: i + 1, lines: [] });
    else sections.at(-1)?.lines.push({ words, number: i + 1 });
  }
  return sections;
}

/** Words, with quotes and escapes; a comment ends the line. */
function wordsOf(line: string): string[] {
  const words = line.match(/#.*|(?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s#"'\\])+/g) ?? [];
  const end = words.findIndex((word) => word.startsWith('#'));
  return (end < 0 ? words : words.slice(0, end)).map((word) =>
    word.replace(
      /"((?:\\.|[^"])*)"|'([^']*)'|\\(.)/g,
      (_, double, single, escaped) => double ?? single ?? escaped,
    ),
  );
}

function leave(draft: Draft, { words, number }: Line): void {
  const [name = '', option = ''] = words;
  if (NEEDLESS.test(name) || (name === 'option' && NEEDLESS_OPTIONS.test(option))) return;
  if (name === 'timeout' && /^(client|http-keep-alive|queue|check|tunnel|http-request)$/.test(option)) {
    draft.note(number, `${words.join(' ')}: see \`timeouts\` of the gateway`);
    return;
  }
  draft.note(number, `${words.join(' ')}: not taken over`);
}

/** Reads what a section says of its servers. */
class BackendReader {
  readonly #draft: Draft;
  readonly #section: Section;
  readonly #pool: DraftPool = { backends: [], strategy: 'round-robin', health: false };
  #key = '';
  #hashType: Line | undefined;
  #factor: number | undefined;
  #checkPath: string | undefined;
  #isChecked = false;

  constructor(draft: Draft, section: Section) {
    this.#draft = draft;
    this.#section = section;
  }

  read(): void {
    const { name, lines, kind } = this.#section;
    const pool = this.#pool;
    this.#draft.pools.set(poolNameOf(name), pool);
    for (const line of lines) this.#take(line, kind === 'listen');
    if (this.#key !== '') this.#settleHash();
    let place = 0;
    for (const line of lines) if (line.words[0] === 'server') this.#server(line, ++place);
    if (this.#isChecked)
      pool.health = this.#checkPath === undefined ? true : { request: { path: this.#checkPath } };
  }

  #take(line: Line, isListen: boolean): void {
    const { words, number } = line;
    const [name, first = '', second = ''] = words;
    if (name === 'server') return;
    if (name === 'balance') this.#balance(line);
    else if (name === 'hash-type') this.#hashType = line;
    else if (name === 'hash-balance-factor') this.#factor = Number(first);
    else if (name === 'option' && first === 'httpchk')
      this.#checkPath = words.slice(2).find((word) => word.startsWith('/'));
    else if (name === 'http-check' && first === 'send') {
      const at = words.indexOf('uri');
      if (at > 0) this.#checkPath = words[at + 1];
    } else if (name === 'timeout' && (first === 'server' || first === 'connect')) {
      const ms = millisecondsOf(second);
      if (ms === undefined) this.#draft.note(number, `${words.join(' ')}: not taken over`);
      else if (first === 'connect') this.#pool.timeouts = { ...this.#pool.timeouts, connectMs: ms };
      else this.#pool.timeouts = { ...this.#pool.timeouts, headersMs: ms, bodyMs: ms };
    } else if (!isListen || !FRONT_WORDS.test(name ?? '')) leave(this.#draft, line);
  }

  #balance({ words, number }: Line): void {
    const [, kind = '', ...rest] = words;
    const [, name] = /^hdr\((.+)\)$/.exec(kind) ?? /^req\.hdr\((.+)\)$/.exec(rest[0] ?? '') ?? [];
    const [, cookie] = /^req\.cook\((.+)\)$/.exec(rest[0] ?? '') ?? [];
    const draws = /^random(?:\((\d+)\))?$/.exec(kind);
    if (kind === 'roundrobin' || kind === 'static-rr') this.#pool.strategy = 'round-robin';
    else if (kind === 'leastconn') this.#pool.strategy = 'least-connections';
    else if (draws !== null) this.#pool.strategy = draws[1] === '1' ? 'random' : 'power-of-two';
    else if (kind === 'source' || (kind === 'hash' && rest[0] === 'src'))
      this.#affinity({ by: 'client-address' });
    else if (kind === 'uri' || (kind === 'hash' && rest[0] === 'pathq')) {
      this.#affinity({ by: 'path' });
      if (kind === 'uri' && !rest.includes('whole'))
        this.#draft.note(number, 'balance uri: keys have their query here, which moves those that have one');
    } else if (name !== undefined) this.#affinity({ by: 'header', name });
    else if (cookie !== undefined) this.#affinity({ by: 'cookie', name: cookie });
    else this.#draft.note(number, `${words.join(' ')}: not taken over, round robin here`);
  }

  #affinity(affinity: NonNullable<DraftPool['affinity']>): void {
    this.#key = affinity.by;
    this.#pool.affinity = affinity;
  }

  #settleHash(): void {
    const [, kind, named, modifier] = this.#hashType?.words ?? [];
    const number = this.#hashType?.number ?? this.#section.line;
    if (kind !== 'consistent') {
      this.#pool.strategy = 'consistent-hash';
      this.#draft.note(number, 'a hash by map: consistent here, so that keys change their backend once');
      return;
    }
    const ring =
      named === undefined || !/^(sdbm|djb2|wt6|crc32)$/.test(named)
        ? 'haproxy'
        : { name: 'haproxy' as const, function: named as 'sdbm', avalanche: modifier === 'avalanche' };
    if (named === 'none') this.#draft.note(number, 'hash-type consistent none: not supported, keys move');
    this.#pool.strategy = { name: 'consistent-hash', ring };
    this.#pool.bounds =
      this.#factor === undefined || this.#factor === 0
        ? false
        : { factor: this.#factor / 100, z: 0, rememberedKeys: 0 };
  }

  #server({ words, number }: Line, place: number): void {
    const [, name = '', address = '', ...settings] = words;
    const isRing = typeof this.#pool.strategy === 'object';
    let id = place;
    let scheme = 'http';
    const backend: DraftBackend = { url: '' };
    for (let i = 0; i < settings.length; i++) {
      const setting = settings[i] as string;
      const value = settings[i + 1] ?? '';
      if (setting === 'weight') backend.weight = Number(value);
      else if (setting === 'id') id = Number(value);
      else if (setting === 'maxconn') this.#pool.maxInFlight ??= Number(value);
      else if (setting === 'check') this.#isChecked = true;
      else if (setting === 'backup') backend.backup = true;
      else if (setting === 'disabled') backend.weight = 0;
      else if (setting === 'ssl') scheme = 'https';
      else if (setting === 'verify' && value === 'none') this.#pool.tls = { verify: false };
      else if (!/^(inter|fall|rise|fastinter|downinter|port|verify|observe|on-error)$/.test(setting)) {
        this.#draft.note(number, `server ${name}: ${setting} is not taken over`);
        if (!/^[a-z-]+$/.test(value)) i++;
        continue;
      } else if (setting !== 'verify')
        this.#draft.note(number, `server ${name}: ${setting} ${value}: see \`health\``);
      if (!/^(check|backup|disabled|ssl)$/.test(setting)) i++;
    }
    if (address.startsWith('/') || address.startsWith('unix@') || address.includes('$')) {
      this.#draft.note(number, `server ${name} ${address}: not supported`);
      return;
    }
    backend.url = `${scheme}://${/:\d+$/.test(address) ? address : `${address}:80`}`;
    // The points of a server depend on its number.
    if (isRing) backend.id = `${name}#${id}`;
    this.#pool.backends.push(backend);
  }
}

const FRONT_WORDS = /^(bind|use_backend|default_backend|acl|redirect|http-request|http-response)$/;

/** Reads what a section says of its clients. */
class FrontendReader {
  readonly #draft: Draft;
  readonly #section: Section;
  readonly #listeners: DraftListener[] = [];
  /** Routes by the name of an ACL: hosts and paths that it matches. */
  readonly #acls = new Map<string, { hosts: string[]; paths: string[] }>();

  constructor(draft: Draft, section: Section) {
    this.#draft = draft;
    this.#section = section;
  }

  read(): void {
    const { kind, name, lines } = this.#section;
    for (const line of lines) if (line.words[0] === 'bind') this.#bind(line);
    for (const line of lines) {
      const [first, ...rest] = line.words;
      if (first === 'bind') continue;
      if (first === 'acl') this.#acl(line);
      else if (first === 'use_backend') this.#use(line);
      else if (first === 'default_backend')
        this.#route({ path: '/', pool: poolNameOf(rest[0] ?? '') }, line.number);
      else if (kind === 'frontend' || /^(redirect|http-request|http-response)$/.test(first ?? ''))
        leave(this.#draft, line);
    }
    if (kind === 'listen') this.#route({ path: '/', pool: poolNameOf(name) }, this.#section.line);
  }

  #route(route: { host?: string; path: string; pool: string }, line: number): void {
    this.#draft.route(route, this.#listeners, line);
  }

  #bind({ words, number }: Line): void {
    const [, addresses = '', ...settings] = words;
    for (const address of addresses.split(',')) {
      const [, host = '', port] = /^(.*):(\d+)$/.exec(address) ?? [];
      if (port === undefined) {
        this.#draft.note(number, `bind ${address}: not taken over`);
        continue;
      }
      const isAny = host === '' || host === '*' || host === '0.0.0.0' || host === '::' || host === '[::]';
      const listener = this.#draft.listener(isAny ? undefined : host.replace(/[[\]]/g, ''), Number(port));
      this.#listeners.push(listener);
      const crt = settings[settings.indexOf('crt') + 1];
      if (settings.includes('ssl') && settings.includes('crt') && crt !== undefined) {
        // HAProxy keeps both in one file.
        this.#draft.certify(listener, crt, crt);
        if (crt.endsWith('/')) this.#draft.note(number, `crt ${crt}: a folder; list its files`);
      }
    }
    for (const [i, setting] of settings.entries())
      if (!/^(ssl|crt|alpn)$/.test(setting) && !/^(crt|alpn)$/.test(settings[i - 1] ?? ''))
        this.#draft.note(number, `bind ... ${setting}: not taken over`);
  }

  #acl({ words, number }: Line): void {
    const [, name = '', test = '', ...rest] = words;
    const values = rest.filter((word) => word !== '-i' && word !== '--');
    const acl = this.#acls.get(name) ?? { hosts: [], paths: [] };
    if (/^(req\.)?hdr\(host\)$/i.test(test)) acl.hosts.push(...values);
    else if (/^hdr_end\(host\)$/i.test(test))
      acl.hosts.push(...values.map((value) => `*${value.startsWith('.') ? '' : '.'}${value}`));
    else if (test === 'path_beg' || test === 'path_dir') acl.paths.push(...values);
    else {
      this.#draft.note(number, `acl ${name} ${test}: not taken over`);
      return;
    }
    this.#acls.set(name, acl);
  }

  #use({ words, number }: Line): void {
    const [, backend = '', keyword, ...names] = words;
    const acls = names.map((name) => this.#acls.get(name));
    if (keyword !== 'if' || backend.includes('%[') || acls.length === 0 || acls.includes(undefined)) {
      this.#draft.note(number, `${words.join(' ')}: not taken over`);
      return;
    }
    // Several names must all match.
    const hosts = acls.flatMap((acl) => acl?.hosts ?? []);
    const paths = acls.flatMap((acl) => acl?.paths ?? []);
    for (const host of hosts.length > 0 ? hosts : [undefined])
      for (const path of paths.length > 0 ? paths : ['/'])
        this.#route(
          {
            ...(host !== undefined && { host }),
            path: path.length > 1 ? path.replace(/\/$/, '') : path,
            pool: poolNameOf(backend),
          },
          number,
        );
  }
}

function millisecondsOf(text: string): number | undefined {
  const [, value, unit = 'ms'] = /^(\d+)(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (value === undefined) return undefined;
  return Number(value) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'ms'];
}
