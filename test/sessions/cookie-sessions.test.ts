import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Balancer, type Request } from '../../src/index.ts';
import { type CookieSessionsOptions, cookieSessions } from '../../src/sessions/index.ts';
import { aRequest, nativePool } from '../support.ts';

const SECRET = 'the first secret, which has 32 bytes or more';
const OTHER = 'another secret, which has 32 bytes or more';
const FOUR = nativePool(4);
const [FIRST, SECOND] = ['http://10.0.0.0:8080', 'http://10.0.0.1:8080'] as const;

function setUp(options: Partial<CookieSessionsOptions> = {}) {
  const balancer = new Balancer([...FOUR]);
  return cookieSessions({ backends: balancer, secrets: [SECRET], ...options });
}

type Sessions = ReturnType<typeof setUp>;

/** What a client without a session gets when a backend answers. */
function setCookie(sessions: Sessions, backend: string, request = aRequest()): string | undefined {
  const headers: [string, string][] = [];
  sessions.written(sessions.read(request), backend, (...header) => headers.push(header));
  expect(headers.length).toBeLessThanOrEqual(1);
  for (const [name] of headers) expect(name).toBe('Set-Cookie');
  return headers[0]?.[1];
}

/** The `name=value` of a new cookie. */
const cookieFor = (sessions: Sessions, backend: string) =>
  setCookie(sessions, backend)?.split(';')[0] as string;

const withCookie = (cookie: string | string[], header = 'cookie'): Request =>
  aRequest('/', { headers: { [header]: cookie } });

describe('a cookie', () => {
  it('is set by the backend that answered first and leads back to it', () => {
    const sessions = setUp();
    const cookie = cookieFor(sessions, SECOND);
    expect(sessions.read(withCookie(cookie))).toEqual({ backend: SECOND });
    expect(sessions.stats).toEqual({ found: 1, ignored: 0, written: 1 });
  });

  it('is HttpOnly, SameSite=Lax and for all paths, and Secure and lasting when told', () => {
    expect(setCookie(setUp(), FIRST)).toMatch(/^evenkeel=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/);
    const told = setUp({ name: '__Secure-lb', path: '/shop', secure: true, maxAgeMs: 3_600_999 });
    expect(setCookie(told, FIRST)).toMatch(
      /^__Secure-lb=[\w-]{22}; Path=\/shop; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(setCookie(setUp({ name: '__Host-lb', secure: true }), FIRST)).toMatch(
      /^__Host-lb=.*; Path=\/;.*; Secure$/,
    );
  });

  it('has the attributes that it is given', () => {
    const attributes = { sameSite: 'none', domain: 'shop.example', partitioned: true } as const;
    expect(setCookie(setUp({ secure: true, attributes }), FIRST)).toMatch(
      /; Path=\/; Domain=shop\.example; HttpOnly; SameSite=None; Secure; Partitioned$/,
    );
    expect(setCookie(setUp({ attributes: { sameSite: 'strict' } }), FIRST)).toMatch(/; SameSite=Strict$/);
  });

  it.each([
    [{ sameSite: 'none' }, 'secure must be true where attributes.sameSite is "none", got false'],
    [{ partitioned: true }, 'secure must be true where attributes.partitioned is true, got false'],
    [{ domain: '.shop.example' }, 'attributes.domain must be a host name, without a dot at its beginning'],
    [{ sameSite: 'None' }, 'attributes.sameSite must be one of strict, lax, none'],
  ])('cannot have %j', (attributes, message) => {
    expect(() => setUp({ attributes } as object)).toThrow(message);
  });

  it('says nothing of the backend', () => {
    const id = 'secret-name-of-a-backend';
    const sessions = setUp({ backends: () => [{ id }] });
    const value = cookieFor(sessions, id).split('=')[1] as string;
    const readable = [value, Buffer.from(value, 'base64url').toString('latin1')].join();
    for (let i = 0; i + 4 <= id.length; i++) expect(readable).not.toContain(id.slice(i, i + 4));
    // All that is in it is the start of a keyed digest.
    const text = JSON.stringify(['evenkeel session', 'default', id]);
    expect(value).toBe(
      createHmac('sha256', SECRET).update(text).digest().subarray(0, 16).toString('base64url'),
    );
  });

  it('is the same from every replica with the same secret', () => {
    expect(cookieFor(setUp(), FIRST)).toBe(cookieFor(setUp(), FIRST));
    expect(cookieFor(setUp(), FIRST)).not.toBe(cookieFor(setUp(), SECOND));
    const bytes = setUp({ secrets: [Buffer.from(SECRET)] });
    expect(cookieFor(bytes, FIRST)).toBe(cookieFor(setUp(), FIRST));
  });

  it('is not sent again when it is right', () => {
    const sessions = setUp();
    const request = withCookie(cookieFor(sessions, FIRST));
    expect(setCookie(sessions, FIRST, request)).toBeUndefined();
    expect(sessions.stats.written).toBe(1);
  });

  it('is rewritten when another backend answered', () => {
    const sessions = setUp();
    const request = withCookie(cookieFor(sessions, FIRST));
    expect(setCookie(sessions, SECOND, request)).toContain(cookieFor(sessions, SECOND));
  });

  it('is not set for a backend that has left in the meantime', () => {
    expect(setCookie(setUp(), 'http://gone')).toBeUndefined();
  });

  it('is found beside others, in several headers and in any case of the header', () => {
    const sessions = setUp();
    const cookie = cookieFor(sessions, FIRST);
    expect(sessions.read(withCookie(`a=1; ${cookie};b=2`))?.backend).toBe(FIRST);
    expect(sessions.read(withCookie(['a=1', cookie]))?.backend).toBe(FIRST);
    expect(sessions.read(withCookie(cookie, 'Cookie'))?.backend).toBe(FIRST);
    expect(sessions.read(withCookie(` ${cookie} `))?.backend).toBe(FIRST);
  });

  it('counts as the first valid one of two', () => {
    const sessions = setUp();
    const [first, second] = [cookieFor(sessions, FIRST), cookieFor(sessions, SECOND)];
    expect(sessions.read(withCookie(`evenkeel=forged; ${second}; ${first}`))?.backend).toBe(SECOND);
    expect(sessions.read(withCookie([first, second]))?.backend).toBe(FIRST);
  });
});

describe('keys', () => {
  it('can be replaced: the old one still verifies, the new one signs', () => {
    const before = setUp();
    const during = setUp({ secrets: [OTHER, SECRET] });
    const after = setUp({ secrets: [OTHER] });
    const old = withCookie(cookieFor(before, FIRST));
    expect(during.read(old)).toEqual({ backend: FIRST });
    const rewritten = setCookie(during, FIRST, old)?.split(';')[0] as string;
    expect(rewritten).toBe(cookieFor(after, FIRST));
    expect(setCookie(during, FIRST, withCookie(rewritten))).toBeUndefined();
    expect(after.read(old)).toBeUndefined();
    expect(after.read(withCookie(rewritten))).toEqual({ backend: FIRST });
  });
});

describe('backends', () => {
  it('may come, go and come again', () => {
    const pool = [{ id: 'a' }, { id: 'b' }];
    const sessions = setUp({ backends: () => pool });
    const cookie = withCookie(cookieFor(sessions, 'b'));
    pool.pop();
    expect(sessions.read(cookie)).toBeUndefined();
    pool.push({ id: 'c' });
    expect(sessions.read(cookie)).toBeUndefined();
    expect(sessions.read(withCookie(cookieFor(sessions, 'c')))).toEqual({ backend: 'c' });
    pool.push({ id: 'b' });
    expect(sessions.read(cookie)).toEqual({ backend: 'b' });
    expect(setCookie(sessions, 'b', cookie)).toBeUndefined();
    expect(sessions.stats).toMatchObject({ found: 3, ignored: 2 });
  });

  it('may be replaced, one for one', () => {
    const pool = [{ id: 'a' }];
    const sessions = setUp({ backends: () => pool });
    const cookie = withCookie(cookieFor(sessions, 'a'));
    pool[0] = { id: 'b' };
    expect(sessions.read(cookie)).toBeUndefined();
    expect(sessions.read(withCookie(cookieFor(sessions, 'b')))).toEqual({ backend: 'b' });
  });

  it('may come while a request is on its way, whose cookie stays right', () => {
    const pool = [{ id: 'a' }];
    const sessions = setUp({ backends: () => pool });
    const session = sessions.read(withCookie(cookieFor(sessions, 'a')));
    pool.push({ id: 'b' });
    sessions.written(session, 'a', () => expect.fail('set again'));
    expect(session).toEqual({ backend: 'a' });
  });

  it('are those of a balancer as they change', () => {
    const balancer = new Balancer([...FOUR]);
    const sessions = setUp({ backends: balancer });
    balancer.add({ url: 'http://new', id: 'new' });
    expect(sessions.read(withCookie(cookieFor(sessions, 'new')))).toEqual({ backend: 'new' });
  });
});

describe('what is not valid is as if it were not there', () => {
  const foreign = (options: Partial<CookieSessionsOptions>) => cookieFor(setUp(options), FIRST);
  const own = cookieFor(setUp(), FIRST);
  const value = own.split('=')[1] as string;

  it.each([
    ['the name of a backend', `evenkeel=${FIRST}`],
    ['an administrator', 'evenkeel=admin'],
    [
      'a digest without a key',
      `evenkeel=${createHmac('sha256', '').update(FIRST).digest('base64url').slice(0, 22)}`,
    ],
    ['another secret', foreign({ secrets: [OTHER] })],
    ['another pool', foreign({ pool: 'other' })],
    [
      'a backend that never existed',
      cookieFor(setUp({ backends: () => [{ id: 'http://evil' }] }), 'http://evil'),
    ],
    ['a changed character', `evenkeel=${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`],
    ['one character less', own.slice(0, -1)],
    ['one character more', `${own}A`],
    ['padding', `${own}==`],
    ['quotes', `evenkeel="${value}"`],
    ['another spelling of the same bytes', respelled(own)],
    ['another case', own.toUpperCase().replace('EVENKEEL', 'evenkeel')],
    ['percent signs', `evenkeel=%${value}`],
    ['nothing', 'evenkeel='],
    ['a prototype', 'evenkeel=__proto__'],
    ['8 KB', `evenkeel=${'A'.repeat(8_192)}`],
    ['8 KB of spaces', `evenkeel=${' '.repeat(8_192)}x`],
    [
      '300 cookies',
      Array.from({ length: 300 }, (_, i) => `evenkeel=${String(i).padStart(22, 'A')}`).join('; '),
    ],
  ])('%s', (_, cookie) => {
    const sessions = setUp();
    expect(sessions.read(withCookie(cookie))).toBeUndefined();
    expect(sessions.stats).toEqual({ found: 0, ignored: 1, written: 0 });
    expect(setCookie(sessions, FIRST, withCookie(cookie))).toContain(own);
  });

  it.each([
    ['no headers', aRequest()],
    ['no cookies', aRequest('/', { headers: {} })],
    ['an undefined header', aRequest('/', { headers: { cookie: undefined } })],
    ['another name', withCookie(`evenkeel2=${value}`)],
    ['another case of the name', withCookie(`Evenkeel=${value}`)],
    ['a name with a prefix', withCookie(`__Host-${own}`)],
    ['no equals sign', withCookie('evenkeel')],
    ['a value that holds the cookie', withCookie(`a=${own}`)],
    ['a header of its name', aRequest('/', { headers: { evenkeel: value } })],
  ])('%s', (_, request) => {
    const sessions = setUp();
    expect(sessions.read(request)).toBeUndefined();
    expect(sessions.stats.ignored).toBe(0);
  });

  it('300 other cookies before the right one hide nothing', () => {
    const many = Array.from({ length: 300 }, (_, i) => `c${i}=${i}`).join('; ');
    expect(setUp().read(withCookie(`${many}; ${own}`))).toEqual({ backend: FIRST });
    expect(setUp().read(withCookie(`x=${'y'.repeat(8_192)}; ${own}`))).toEqual({ backend: FIRST });
  });

  it('a megabyte of cookies costs little', () => {
    const sessions = setUp();
    const start = performance.now();
    for (const piece of ['evenkeel=;', 'evenkeel=AAAAAAAAAAAAAAAAAAAAAA;', ';', ' ', '=']) {
      expect(sessions.read(withCookie(piece.repeat(1_048_576 / piece.length)))).toBeUndefined();
      expect(sessions.read(withCookie(piece.repeat(65_536 / piece.length)))).toBeUndefined();
    }
    expect(performance.now() - start).toBeLessThan(500);
    expect(sessions.stats.ignored).toBe(7);
  });
});

describe('the options', () => {
  it.each<[string, Partial<CookieSessionsOptions>, RegExp]>([
    ['no secret', { secrets: [] }, /^secrets must be an array of at least one key, got /],
    ['no list of secrets', { secrets: SECRET as never }, /^secrets must be an array/],
    ['a short secret', { secrets: [SECRET, 'hush'] }, /^secrets\[1\] must have at least 32 bytes, got 4$/],
    [
      'a secret that is none',
      { secrets: [undefined as never] },
      /^secrets\[0\] must be a string or a Uint8Array$/,
    ],
    ['no backends', { backends: undefined as never }, /^backends must be a balancer or a function/],
    ['a name that is no token', { name: 'a b' }, /^name must be a token, got "a b"$/],
    ['an injected name', { name: 'a=b; Domain=x' }, /^name must be a token/],
    ['an injected path', { path: '/; Domain=evil' }, /^path must be a string that begins with a slash/],
    ['a path with a line break', { path: '/\r\nX: y' }, /^path must be a string that begins with a slash/],
    ['a relative path', { path: 'shop' }, /^path must be a string that begins with a slash/],
    ['an age below a second', { maxAgeMs: 999 }, /^maxAgeMs must be .* got 999$/],
    ['an age that is no number', { maxAgeMs: Number.NaN }, /^maxAgeMs must be .* got NaN$/],
    ['a word for secure', { secure: 'yes' as never }, /^secure must be true or false, got "yes"$/],
    ['a pool that is no string', { pool: 5 as never }, /^pool must be a string, got 5$/],
    [
      'a __Host- name without Secure',
      { name: '__Host-lb' },
      /^secure must be true for a cookie named __Host-lb, got false$/,
    ],
    [
      'a __Host- name with a path',
      { name: '__Host-lb', secure: true, path: '/a' },
      /^path must be \/ for a cookie named __Host-lb, got \/a$/,
    ],
    ['a __Secure- name without Secure', { name: '__secure-lb' }, /^secure must be true/],
  ])('refuse %s', (_, options, message) => {
    expect(() => setUp(options)).toThrow(message);
  });

  it('never show a secret', () => {
    expect(() => setUp({ secrets: ['hush'] })).toThrow(/^(?!.*hush)/);
  });
});

/** Sets bits beyond the last byte: decoders that are not strict read the same. */
function respelled(cookie: string): string {
  const last = cookie.at(-1) as string;
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = cookie.slice(0, -1) + digits[digits.indexOf(last) + 1];
  const bytes = (text: string) => Buffer.from(text.split('=')[1] as string, 'base64url').toString('hex');
  expect(bytes(other)).toBe(bytes(cookie));
  return other;
}
