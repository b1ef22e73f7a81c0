// Reads the secrets and PEM files that a configuration names.
import { strategyNamed } from 'evenkeel/internal';
import { ConfigError } from '../errors.ts';
import { type CheckedCertificate, checkAuthorities, checkCertificate } from './certificates.ts';
import { tokenProblems } from './checks/admin-checks.ts';
import { cookieClashes, sessionProblems } from './checks/session-checks.ts';
import type { PoolConfig, PoolTlsConfig } from './pool-schema.ts';
import { limited } from './problem-limit.ts';
import type { ResolvedConfig, ResolvedListener, ResolvedPool, ResolvedSessions } from './resolved-config.ts';
import type { GatewayConfig, ListenerConfig } from './schema.ts';
import type { CookieConfig, JwtConfig, SessionsConfig } from './session-schema.ts';
import { shownPath, shownValue } from './shown-value.ts';
import { type Secret, type SourceOptions, Sources } from './sources.ts';

/** The result of resolving a configuration. */
export interface Resolution {
  readonly config: ResolvedConfig;
  /** Problems that do not prevent serving, for example an expired certificate. */
  readonly warnings: readonly string[];
  /** The full paths of all files that were read: when one changes, the configuration changes. */
  readonly files: readonly string[];
}

/** A file or variable that the configuration names cannot be read or used. */
export class UnresolvedConfigError extends ConfigError {
  /** The full paths of all files that it names: when one changes, a new try may succeed. */
  readonly files: readonly string[];

  constructor(problems: readonly string[], files: readonly string[]) {
    super(problems);
    this.files = files;
  }
}

/** How to resolve a configuration. */
export interface ResolveOptions extends SourceOptions {
  /** Milliseconds since 1970. @defaultValue now */
  readonly now?: number;
}

/**
 * Reads secrets and PEM files, and checks what can be checked only then: certificates with their keys,
 * lengths of secrets, keys of tokens. Synchronous: it reads small files, at the start and at reloads.
 * @throws UnresolvedConfigError with one line for each mistake
 */
export function resolveConfig(config: GatewayConfig, options: ResolveOptions): Resolution {
  const resolver = new Resolver(options);
  const { listeners, pools, admin, ...rest } = config;
  const resolved: ResolvedConfig = {
    ...rest,
    listeners: listeners.map((listener, i) => resolver.listener(listener, `listeners[${i}]`)),
    pools: Object.fromEntries(
      Object.entries(pools).map(([name, pool]) => [name, resolver.pool(pool, shownPath(['pools', name]))]),
    ),
    ...(admin === undefined ? {} : { admin: resolver.admin(admin) }),
  };
  const { problems, files } = resolver.sources;
  if (problems.length > 0) throw new UnresolvedConfigError(limited(problems), [...files]);
  const warnings = [...new Set([...resolver.warnings, ...cookieClashes(config)])];
  return { config: resolved, warnings, files: [...files] };
}

/** Stands for a secret that cannot be read, and is long enough. */
const UNREAD = ' '.repeat(32);

/** Collects problems and goes on, so that all are reported at once; its result is then not used. */
export class Resolver {
  readonly sources: Sources;
  readonly warnings: string[] = [];
  readonly #now: number;

  constructor({ now = Date.now(), ...sources }: ResolveOptions) {
    this.sources = new Sources(sources);
    this.#now = now;
  }

  listener({ tls, ...listener }: ListenerConfig, where: string): ResolvedListener {
    if (tls === undefined) return listener;
    const places = tls.certificates.map((_, i) => `${where}.tls.certificates[${i}]`);
    const certificates = tls.certificates.flatMap(({ cert, key, passphrase }, i) => {
      const certificate = this.#certificate(cert, key, passphrase, places[i] as string);
      return certificate === undefined ? [] : [certificate];
    });
    this.#warnOfIdle(certificates, places);
    return { ...listener, tls: { ...tls, certificates } };
  }

  pool({ strategy, sessions, tls, ...pool }: PoolConfig, where: string): ResolvedPool {
    const own = typeof strategy === 'string' ? strategyNamed(strategy) : strategy;
    if (typeof own === 'string' && own !== strategy)
      this.warnings.push(`${where}.strategy: ${shownValue(strategy)} is called ${own} here`);
    return {
      ...pool,
      strategy: own,
      ...(sessions === undefined ? {} : { sessions: this.#sessions(sessions, `${where}.sessions`) }),
      ...(tls === undefined ? {} : { tls: this.#poolTls(tls, `${where}.tls`) }),
    };
  }

  admin({ token, ...admin }: NonNullable<GatewayConfig['admin']>): NonNullable<ResolvedConfig['admin']> {
    if (token === undefined) return admin;
    const text = this.sources.secret(token, 'admin.token');
    this.#note(tokenProblems(text, 'admin.token'));
    return { ...admin, token: text };
  }

  #poolTls(
    { ca, cert, key, passphrase, ...tls }: PoolTlsConfig,
    where: string,
  ): NonNullable<ResolvedPool['tls']> {
    const authorities = ca === undefined ? undefined : this.#authorities(ca, `${where}.ca`);
    const own =
      cert === undefined || key === undefined ? undefined : this.#certificate(cert, key, passphrase, where);
    return {
      ...tls,
      ...(authorities === undefined ? {} : { ca: authorities }),
      ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
    };
  }

  #authorities(ca: string | string[], where: string): string[] {
    return [ca].flat().flatMap((value, i) => {
      const place = Array.isArray(ca) ? `${where}[${i}]` : where;
      const pem = this.sources.pem(value, place);
      if (pem === undefined) return [];
      const { problems, warnings } = checkAuthorities(pem, place, this.#now);
      this.#note(problems);
      this.warnings.push(...warnings);
      return [pem];
    });
  }

  #sessions(sessions: SessionsConfig, where: string): ResolvedSessions {
    const before = this.sources.problems.length;
    const resolved =
      'cookie' in sessions ? this.#cookie(sessions.cookie, where) : this.#jwt(sessions.jwt, where);
    // The other secrets of a cookie are checked if one cannot be read.
    const isRead = this.sources.problems.length === before;
    if (isRead || 'cookie' in resolved) this.#note(sessionProblems(resolved, where));
    return resolved;
  }

  #cookie({ secrets, ...cookie }: CookieConfig, where: string): ResolvedSessions {
    const read = secrets.map(
      (secret, i) => this.sources.secret(secret, `${where}.cookie.secrets[${i}]`) ?? UNREAD,
    );
    return { cookie: { ...cookie, secrets: read } };
  }

  #jwt({ key, ...jwt }: JwtConfig, where: string): ResolvedSessions {
    const isObject = typeof key === 'object' && (Object.hasOwn(key, 'kty') || Object.hasOwn(key, 'keys'));
    if (isObject) return { jwt: { ...jwt, key: key as Record<string, unknown> } };
    const text = this.sources.secret(key as Secret, `${where}.jwt.key`) ?? '';
    return { jwt: { ...jwt, key: keyObjectIn(text) ?? text } };
  }

  #certificate(
    cert: string,
    key: string,
    passphrase: Secret | undefined,
    where: string,
  ): CheckedCertificate | undefined {
    const texts = {
      cert: this.sources.pem(cert, `${where}.cert`),
      key: this.sources.pem(key, `${where}.key`),
      passphrase: passphrase === undefined ? '' : this.sources.secret(passphrase, `${where}.passphrase`),
    };
    if (texts.cert === undefined || texts.key === undefined || texts.passphrase === undefined)
      return undefined;
    const source = { cert: texts.cert, key: texts.key, passphrase: texts.passphrase || undefined };
    const { certificate, problems, warnings } = checkCertificate(source, where, this.#now);
    this.#note(problems);
    this.warnings.push(...warnings);
    return certificate;
  }

  /**
   * The first certificate serves all other names; a later one serves its own names that no earlier one has.
   */
  #warnOfIdle(certificates: readonly CheckedCertificate[], places: readonly string[]): void {
    if (certificates.length < places.length) return;
    const served = new Set<string>();
    for (const [i, { names }] of certificates.entries()) {
      const isIdle = i > 0 && names.every((name) => served.has(name));
      if (isIdle)
        this.warnings.push(`${places[i]} is never used: it has no name that an earlier one does not have`);
      for (const name of names) served.add(name);
    }
  }

  #note(problems: readonly string[]): void {
    this.sources.problems.push(...problems);
  }
}

/** A JWK or a JWKS in a text, for example of a file. */
function keyObjectIn(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
