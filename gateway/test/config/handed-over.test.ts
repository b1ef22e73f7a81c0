// Sockets that a parent hands over.
import { describe, expect, it } from 'vitest';
import { handedOver, handOverProblems } from '../../src/config/handed-over.ts';
import { readConfig } from '../../src/config/read-config.ts';

const listenersOf = (...listeners: object[]) =>
  readConfig({ listeners, pools: { shop: { backends: [] } } }).listeners;

describe('a socket that was handed over', () => {
  it('is a listener by its number, in both spellings', () => {
    expect(listenersOf({ fd: 3 }, { host: 'fd:12' }).map(({ host }) => host)).toEqual(['fd:3', 'fd:12']);
  });

  it('may be the listener for operators, whose address is checked when it is opened', () => {
    const base = { listeners: [{ port: 80 }], pools: { shop: { backends: [] } } };
    expect(readConfig({ ...base, admin: { fd: 4 } }).admin).toMatchObject({ host: 'fd:4', port: 0 });
    expect(() => readConfig({ ...base, admin: {} })).toThrow(
      'admin.port is missing; it must be an integer from 0 to 65535',
    );
    expect(() => readConfig({ ...base, admin: { fd: 4, port: 1 } })).toThrow('admin.fd must be an integer');
  });

  it.each([
    [{ port: 80, mode: '0660' }],
    [{ host: 'unix:/run/a', mode: '0999' }],
    [{ host: 'unix:/run/a', mode: 660 }],
  ])('is no unix socket whose file has a mode: %j', (listener) => {
    expect(() => listenersOf(listener)).toThrow(
      'listeners[0].mode must be octal digits in quotes such as "0660"',
    );
  });

  it('is taken by one listener alone', () => {
    expect(() => listenersOf({ fd: 3 }, { host: 'fd:3' })).toThrow(
      'listeners[1].host must be another than that of listeners[0], got "fd:3" in both',
    );
  });

  it.each(['fd:2', 'fd:1024', 'fd:', 'fd:-3', 'fd:3.5', 'fd:3 ', 'fd:00003', '3'])('is not %j', (text) => {
    expect(handedOver(text)).toBeUndefined();
  });

  it('is held against what systemd says', () => {
    const listeners = [{ host: 'fd:3' }, { host: 'fd:5' }, { host: '127.0.0.1' }, {}];
    const problems = (env: Record<string, string>) =>
      handOverProblems({ listeners, admin: { host: 'fd:6' } }, env, 7);
    expect(problems({})).toEqual([]);
    expect(problems({ LISTEN_FDS: '4', LISTEN_PID: '7' })).toEqual([]);
    expect(problems({ LISTEN_FDS: '2', LISTEN_PID: '7' })).toEqual([
      'listeners[1].fd must be one of the 2 that were handed over (LISTEN_FDS), got 5',
      'admin.fd must be one of the 2 that were handed over (LISTEN_FDS), got 6',
    ]);
    expect(problems({ LISTEN_FDS: '3', LISTEN_PID: '8' })[0]).toBe(
      'listeners[0].fd must be one of the 0 that were handed over (LISTEN_FDS), got 3, LISTEN_PID is 8 and this process 7',
    );
  });
});
