// Checks the head of a request and takes it apart.
import { listedNames, type RequestRole, requestRole, without } from 'evenkeel/internal';
import { REFUSALS, type Refusal } from '../local-reply/refusal.ts';
import { type Authority, readAuthority } from './authority.ts';
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
  /** Bit n says that header n, among the first 31, is an ordinary one. Left out: not known. */
  readonly ordinary?: number;
}

/**
 * The head of a request, checked, in two parts: headers that are passed on, and fields that the gateway uses.
 */
export class RequestHead {
  /** Headers to pass on, without `Host`: names and values by turns, in their order. */
  headers: string[] = [];
  path = '';
  authority: Authority | undefined;
  /** `undefined` if it is not given. */
  contentLength: number | undefined;
  isChunked = false;
  expectsContinue = false;
  /** The protocols that the client would change to, but versions of HTTP. */
  upgrade: readonly string[] = [];
  requestId: string | undefined;
  via: string | undefined;
  /** `Forwarded`, as earlier proxies wrote it. */
  forwarded: string | undefined;
  forwardedFor: string[] | undefined;
  forwardedProto: string | undefined;
  forwardedHost: string | undefined;
  /** Other `X-Forwarded-*`, which only a trusted proxy may say: names and values by turns. */
  forwardedOthers: string[] = [];
  #connection: string | undefined;
  #hosts = 0;
  #upgradeValue: string | undefined;
  #refusal: Refusal | undefined;

  /** Reads a head. @returns the reason to refuse the request; `undefined` if it is valid */
  read(source: HeadSource, limits: HeadLimits): Refusal | undefined {
    const { version, method, target, rawHeaders, ordinary = 0 } = source;
    if (version === 'unknown') return REFUSALS.version;
    if (method === 'TRACE' || method === 'CONNECT') return REFUSALS.method;
    if (target.length > limits.urlBytes) return REFUSALS.uriTooLong;
    if (rawHeaders.length > limits.headers * 2) return REFUSALS.headersTooLarge;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      const isOrdinary = index < 62 && ((ordinary >>> (index >> 1)) & 1) === 1;
      const role = isOrdinary ? undefined : requestRole(name);
      if (role === undefined) this.headers.push(name, rawHeaders[index + 1] as string);
      else this.#take(role, method, name, rawHeaders[index + 1] as string);
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
        this.forwardedOthers.push(name, value);
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
    this.forwardedOthers = without(this.forwardedOthers, listed);
    if (listed.includes('upgrade')) this.upgrade = otherProtocols(this.#upgradeValue ?? '');
  }
}

/** Several lines of one header are a list (RFC 9110 section 5.3). */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
