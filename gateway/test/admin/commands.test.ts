import { describe, expect, it } from 'vitest';
import { queryInput } from '../../src/admin/admin-input.ts';
import { COMMANDS } from '../../src/admin/commands.ts';
import { FakeControl, gatewayStats, poolStats } from '../observation/figures.ts';

const URL_RULE =
  'url must be host:port, :port, unix:/path, or an http or https URL without user, query and fragment';
const parsed = (json: string): unknown => JSON.parse(json);
const two = gatewayStats({ pools: [poolStats('shop', []), poolStats('api', [])] });

function aControl(figures = gatewayStats()): FakeControl {
  const control = new FakeControl();
  control.figures = figures;
  return control;
}

describe('a change as it is told', () => {
  it('becomes a command', async () => {
    const backend = { url: 'http://10.0.0.9:80', id: 'nine', weight: 2.5, zone: 'eu', backup: true };
    const control = aControl(two);
    expect(await COMMANDS.add({ pool: 'api', ...backend }, control)).toEqual({
      type: 'add',
      pool: 'api',
      backend,
    });
    expect(await COMMANDS.drain({ pool: 'api', id: 'nine' }, control)).toEqual({
      type: 'drain',
      pool: 'api',
      backend: 'nine',
    });
    expect(await COMMANDS.weight({ pool: 'api', id: 'nine', weight: 0 }, control)).toEqual({
      type: 'weight',
      pool: 'api',
      backend: 'nine',
      weight: 0,
    });
  });

  it('names a backend of this machine by its port alone, as it was added', async () => {
    const backend = 'http://localhost:3005';
    expect(await COMMANDS.add({ url: ':3005' }, aControl())).toMatchObject({ backend: { url: backend } });
    expect(await COMMANDS.drain({ id: ':3005' }, aControl())).toMatchObject({ backend });
  });

  it('means the only pool where it names none', async () => {
    expect(await COMMANDS.resume({ id: 'a' }, aControl())).toMatchObject({ pool: 'shop' });
  });

  it('must name a pool where there are several, and fails where there is none', async () => {
    await expect(COMMANDS.remove({ id: 'a' }, aControl(two))).rejects.toMatchObject({
      status: 400,
      message: 'pool is missing; it must be one of shop, api',
    });
    const none = aControl(gatewayStats({ pools: [] }));
    await expect(COMMANDS.remove({ id: 'a' }, none)).rejects.toMatchObject({ status: 404 });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'the body must be an object, got undefined'],
    ['null', null, 'the body must be an object, got null'],
    ['a list', [], 'the body must be an object, got []'],
    ['a text', 'x', 'the body must be an object, got "x"'],
    [
      'no URL',
      {},
      'url is missing; it must be host:port, :port, unix:/path, or an http or https URL without user, query and fragment',
    ],
    ['a word', { url: 'ten' }, `${URL_RULE}, got "ten"`],
    ['a path', { url: '/x' }, `${URL_RULE}, got "/x"`],
    ['another scheme', { url: 'ftp://a' }, `${URL_RULE}, got "ftp://a"`],
    ['a script', { url: 'javascript:alert(1)' }, `${URL_RULE}, got "javascript:alert(1)"`],
    ['a user, whose name is not repeated', { url: 'http://me:secret@a' }, `${URL_RULE}, got "http://***@a"`],
    ['a high port', { url: 'http://a:70000' }, `${URL_RULE}, got "http://a:70000"`],
    ['a weight as text', { url: 'http://a', weight: '5' }, 'weight must be a number from 0 to 1000, got "5"'],
    ['a weight below 0', { url: 'http://a', weight: -1 }, 'weight must be a number from 0 to 1000, got -1'],
    [
      'no end of weight',
      { url: 'http://a', weight: parsed('1e999') },
      'weight must be a number from 0 to 1000, got Infinity',
    ],
    ['a null weight', { url: 'http://a', weight: null }, 'weight must be a number from 0 to 1000, got null'],
    ['an empty id', { url: 'http://a', id: '' }, 'id must be 1 to 512 characters without line ends, got ""'],
    [
      'a line end in an id',
      { url: 'http://a', id: 'a\nb' },
      'id must be 1 to 512 characters without line ends, got "a\\nb"',
    ],
    [
      'half a character',
      { url: 'http://a', id: '\ud800' },
      'id must be 1 to 512 characters without line ends, got "\\ud800"',
    ],
    ['a word for a flag', { url: 'http://a', backup: 'yes' }, 'backup must be true or false, got "yes"'],
    [
      'an odd pool',
      { pool: '../x', url: 'http://a' },
      'pool must be 1 to 64 letters, digits, "_", "." and "-", got "../x"',
    ],
    ['a typing error', { url: 'http://a', wieght: 5 }, 'wieght is not known; did you mean weight?'],
    [
      'an unknown key',
      { url: 'http://a', qqqq: 5 },
      'qqqq is not known; allowed are pool, url, id, weight, zone, backup',
    ],
    [
      'several mistakes',
      { url: 'x', weight: 'y' },
      `${URL_RULE}, got "x"; weight must be a number from 0 to 1000, got "y"`,
    ],
    [
      'a prototype',
      parsed('{"url":"http://a","__proto__":{"id":"x"}}'),
      '__proto__ is not known; allowed are pool, url, id, weight, zone, backup',
    ],
  ])('is refused for %s', async (_, input, message) => {
    await expect(COMMANDS.add(input, aControl())).rejects.toMatchObject({
      status: 400,
      code: 'ERR_ADMIN_BAD_REQUEST',
      message,
    });
  });

  it('is refused in few words, however many mistakes there are', async () => {
    const input = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`unknown-key-${i}`, i]));
    const error = await COMMANDS.drain(input, aControl()).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(/; and more$/);
    expect((error as Error).message.length).toBeLessThan(600);
  });

  it.each([
    [5, false],
    [6, true],
  ])('that has %i mistakes and is refused says that there are more: %s', async (mistakes, isCut) => {
    const input = Object.fromEntries(Array.from({ length: mistakes }, (_, i) => [`unknown-key-${i}`, i]));
    // The id and the pool are right.
    const right = { pool: 'shop', id: 'http://a' };
    const error = await COMMANDS.drain({ ...right, ...input }, aControl()).catch((thrown: Error) => thrown);
    const { message } = error as Error;
    expect([message.split(' is not known').length - 1, message.endsWith('; and more')]).toEqual([5, isCut]);
  });
});

describe('the parameters of a query', () => {
  it('are read by name', () => {
    expect(queryInput(new URLSearchParams('pool=shop&id=http%3A%2F%2Fa'))).toEqual({
      pool: 'shop',
      id: 'http://a',
    });
  });

  it('are refused where one comes twice', () => {
    expect(() => queryInput(new URLSearchParams('id=a&id=b'))).toThrow('id must be given once');
  });

  it('are lists where they may be repeated', () => {
    expect(queryInput(new URLSearchParams('h=a&h=b'), ['h'])).toEqual({ h: ['a', 'b'] });
  });

  it('touch no prototype', () => {
    const input = queryInput(new URLSearchParams('__proto__=x&constructor=y')) as object;
    expect(Object.keys(input)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(input)).toBe(Object.prototype);
  });
});
