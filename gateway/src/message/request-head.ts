// Checks the head of a request and takes it apart.
import { listedNames, type RequestRole, requestRole, without } from 'evenkeel/internal';
import type { FieldNames } from '../http1/field-names.ts';
import { ROLE, type Role } from '../http1/field-role.ts';
import type { RequestParser } from '../http1/parse-request.ts';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { type Authority, readAuthority } from './authority.ts';
import type { ClientConnection } from './client-connection.ts';
import { otherProtocols } from './protocols.ts';
import { readUnusualTarget } from './request-target.ts';

/** Limits on a request head. */
export interface HeadLimits {
  /** The largest number of headers. */
  readonly headers: number;
  readonly urlBytes: number;
}

/** The versions of HTTP that are served; `unknown` is refused. */
export type HttpVersion = '1.0' | '1.1' | '2.0' | 'unknown';

/** A head as a listener has it. */
export interface HeadSource {
  readonly version: HttpVersion;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** The parser of the head. Left out: there is none. */
  readonly parsed?: RequestParser | undefined;
  /** The client's connection. Left out: nothing is known of earlier requests. */
  readonly connection?: Pick<ClientConnection, 'forwarded'>;
}

const NONE: readonly string[] = [];

/** Roles of fields that the gateway reads, by those that parsers know. */
const READ_ROLES: (RequestRole | undefined)[] = [];
READ_ROLES[ROLE.CONNECTION] = 'connection';
READ_ROLES[ROLE.UPGRADE] = 'upgrade';
READ_ROLES[ROLE.TRANSFER_ENCODING] = 'transfer-encoding';
READ_ROLES[ROLE.CONTENT_LENGTH] = 'content-length';
READ_ROLES[ROLE.HOST] = 'host';
READ_ROLES[ROLE.EXPECT] = 'expect';
READ_ROLES[ROLE.VIA] = 'via';
READ_ROLES[ROLE.FORWARDED] = 'forwarded';
READ_ROLES[ROLE.X_FORWARDED_FOR] = 'x-forwarded-for';
READ_ROLES[ROLE.X_FORWARDED_PROTO] = 'x-forwarded-proto';
READ_ROLES[ROLE.X_FORWARDED_HOST] = 'x-forwarded-host';
READ_ROLES[ROLE.X_FORWARDED_OTHER] = 'x-forwarded-other';
READ_ROLES[ROLE.MAX_FORWARDS] = 'max-forwards';
READ_ROLES[ROLE.REQUEST_ID] = 'request-id';

/** Roles of fields that are passed on as they came. */
const PASSED_ROLES: readonly Role[] = [
  ROLE.ORDINARY,
  ROLE.DATE,
  ROLE.WWW_AUTHENTICATE,
  ROLE.COOKIE,
  ROLE.ACCEPT,
  ROLE.CONTENT_TYPE,
];
const PASSED = new Uint8Array(32);
for (const role of PASSED_ROLES) PASSED[role] = 1;

/**
 * The head of a request, checked, in two parts: headers that are passed on, and fields that the gateway uses.
 */
export class RequestHead {
  /** Headers to pass on, without `Host`: names and values by turns, in their order. */
  headers: string[] = [];
  /** Other headers to pass on, as text, each with its line end; `undefined` if there are none. */
  lines: string | undefined;
  path = '';
  authority: Authority | undefined;
  /** `undefined` if it is not given. */
  contentLength: number | undefined;
  isChunked = false;
  expectsContinue = false;
  /** The protocols that the client would change to, but versions of HTTP. */
  upgrade: readonly string[] = NONE;
  requestId: string | undefined;
  via: string | undefined;
  /** `Forwarded`, as earlier proxies wrote it. */
  forwarded: string | undefined;
  forwardedFor: string[] | undefined;
  forwardedProto: string | undefined;
  forwardedHost: string | undefined;
  /** Other `X-Forwarded-*`, which only a trusted proxy may say: names and values by turns. */
  forwardedOthers: string[] | undefined;
  #connection: string | undefined;
  #hosts = 0;
  #upgradeValue: string | undefined;
  #refusal: Refusal | undefined;
  /** Has the headers to pass on, until {@link passOn}. */
  #parsed: RequestParser | undefined;

  /** Reads a head. @returns the reason to refuse the request; `undefined` if it is valid */
  read(source: HeadSource, limits: HeadLimits): Refusal | undefined {
    const { version, method, target, parsed } = source;
    if (version === 'unknown') return REFUSALS.version;
    if (method === 'TRACE' || method === 'CONNECT') return REFUSALS.method;
    if (target.length > limits.urlBytes) return REFUSALS.uriTooLong;
    // Which of all fields are of the connection is known from their names alone.
    if (parsed !== undefined && !parsed.hasListed) {
      if (parsed.count > limits.headers) return REFUSALS.headersTooLarge;
      this.#readParsed(parsed, method, source.connection?.forwarded?.authority);
    } else {
      const { rawHeaders } = source;
      if (rawHeaders.length > limits.headers * 2) return REFUSALS.headersTooLarge;
      this.#readList(rawHeaders, method);
    }
    if (this.#refusal !== undefined) return this.#refusal;
    // HTTP/1.0 has no chunked coding (RFC 9112 section 6.1).
    if (this.isChunked && (this.contentLength !== undefined || version === '1.0')) return REFUSALS.badFraming;
    // A target has no fragment (RFC 9112 section 3.2). Servers that cut it off see another path than those
    // that do not.
    if (target.includes('#')) return REFUSALS.badTarget;
    if (target.charCodeAt(0) === 47) this.path = target;
    else {
      const unusual = readUnusualTarget(target, method);
      if (unusual === undefined) return REFUSALS.badTarget;
      this.path = unusual.path;
      this.authority = unusual.authority ?? this.authority;
    }
    // HTTP/1.0 requires no Host (RFC 9112 section 3.2).
    if (this.#hosts > 1 || (this.authority === undefined && version !== '1.0')) return REFUSALS.badHost;
    this.#applyConnection();
    return undefined;
  }

  /**
   * Adds the headers that are passed on as they came, of a head that was read from its parser. To be called
   * while it has them, once.
   * @param gone - names that are left out; `undefined` for a list of all
   */
  passOn(gone: FieldNames | undefined): void {
    const parsed = this.#parsed;
    this.#parsed = undefined;
    if (gone !== undefined) this.lines = parsed?.lines(PASSED, gone);
    else if (parsed !== undefined)
      this.headers = [...parsed.rawHeaders((role) => PASSED[role] === 1), ...this.headers];
  }

  /** @param before - of the request before, which most others repeat */
  #readParsed(parsed: RequestParser, method: string, before: Authority | undefined): void {
    this.#parsed = parsed;
    for (let index = 0; index < parsed.count; index++) {
      const known = parsed.roleAt(index);
      if (known === ROLE.HOST && before !== undefined && parsed.hasValue(index, before.text)) {
        this.#hosts++;
        this.authority = before;
        continue;
      }
      if (known === ROLE.AUTHORIZATION) this.headers.push(parsed.nameAt(index), parsed.valueAt(index));
      let role = READ_ROLES[known];
      if (role === undefined) continue;
      const name = parsed.nameAt(index);
      if (role === 'x-forwarded-other') role = requestRole(name);
      if (role !== undefined) this.#take(role, method, name, parsed.valueAt(index));
    }
  }

  #readList(rawHeaders: readonly string[], method: string): void {
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      const role = requestRole(name);
      if (role === undefined) this.headers.push(name, rawHeaders[index + 1] as string);
      else this.#take(role, method, name, rawHeaders[index + 1] as string);
    }
  }

  #take(role: RequestRole, method: string, name: string, value: string): void {
    switch (role) {
      case 'host':
        this.#hosts++;
        this.authority = readAuthority(value);
        if (this.authority === undefined) this.#refusal = REFUSALS.badHost;
        break;
      case 'content-length':
        this.#takeLength(name, value);
        break;
      case 'transfer-encoding':
        if (this.isChunked) this.#refusal = REFUSALS.badFraming;
        this.isChunked = true;
        if (value.toLowerCase() !== 'chunked') this.#refusal ??= REFUSALS.unknownCoding;
        break;
      case 'connection':
        this.#connection = this.#connection === undefined ? value : `${this.#connection},${value}`;
        break;
      case 'expect':
        this.expectsContinue = true;
        if (value.toLowerCase() !== '100-continue') this.#refusal ??= REFUSALS.expectation;
        break;
      case 'upgrade':
        this.#upgradeValue = joined(this.#upgradeValue, value);
        break;
      case 'via':
        this.via = joined(this.via, value);
        break;
      case 'forwarded':
        this.forwarded = joined(this.forwarded, value);
        break;
      case 'x-forwarded-for':
        (this.forwardedFor ??= []).push(value);
        break;
      case 'x-forwarded-proto':
        this.forwardedProto = joined(this.forwardedProto, value);
        break;
      case 'x-forwarded-host':
        this.forwardedHost = joined(this.forwardedHost, value);
        break;
      case 'x-forwarded-any':
        (this.forwardedOthers ??= []).push(name, value);
        break;
      case 'max-forwards':
        this.#takeMaxForwards(method, name, value);
        break;
      case 'request-id':
        this.requestId = value;
        break;
      default:
    }
  }

  #takeLength(name: string, value: string): void {
    const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
    if (length === undefined || this.contentLength !== undefined) this.#refusal = REFUSALS.badFraming;
    this.contentLength = length;
    this.headers.push(name, value);
  }

  /** RFC 9110 section 7.6.2. */
  #takeMaxForwards(method: string, name: string, value: string): void {
    const hops = method === 'OPTIONS' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
    if (hops === 0) this.#refusal ??= REFUSALS.lastHop;
    this.headers.push(name, hops === undefined ? value : String(hops - 1));
  }

  #applyConnection(): void {
    if (this.#connection === undefined) return;
    const listed = listedNames(this.#connection);
    if (listed === undefined) return;
    this.headers = without(this.headers, listed);
    this.forwardedOthers = this.forwardedOthers && without(this.forwardedOthers, listed);
    if (listed.includes('upgrade')) this.upgrade = otherProtocols(this.#upgradeValue ?? '');
  }
}

/** Several lines of one header are a list (RFC 9110 section 5.3). */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
