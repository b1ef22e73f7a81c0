// A space whose replies come when the test lets them come.
import { expect, it } from 'vitest';
import { FollowedSpace } from '../../src/fleet/followed-space.ts';
import type { Held, SpaceListener } from '../../src/fleet/index.ts';
import { TestEnv } from '../support.ts';

function aSpace() {
  const env = new TestEnv();
  const replies: { resolve: (held: Held[]) => void; reject: (error: Error) => void }[] = [];
  let listener!: SpaceListener;
  const told: unknown[] = [];
  const space = new FollowedSpace(
    {
      load: () => new Promise((resolve, reject) => replies.push({ resolve, reject })),
      listen: (_, own) => {
        listener = own;
        return () => told.push('left');
      },
    },
    'shop',
    {
      heard: (held) => told.push(...held.map(([field, value]) => `${field}=${value}`)),
      joined: () => told.push('joined'),
      lost: (error) => told.push(String(error)),
    },
    env,
    500,
  );
  const settle = async () => {
    for (let i = 0; i < 8; i++) await null;
  };
  return { env, space, listener, replies, told, settle };
}

it('takes nothing from a reply of which news have come since it was asked for', async () => {
  const { space, listener, replies, told, settle } = aSpace();
  listener.changed([['a', '0']]);
  listener.joined();
  listener.changed([
    ['a', '2'],
    ['gone', ''],
  ]);
  replies[0]?.resolve([
    ['a', '1'],
    ['b', '1'],
    ['gone', '1'],
  ]);
  await settle();
  expect(told).toEqual(['a=0', 'a=2', 'gone=', 'b=1', 'joined']);
  expect(await space.ask(async () => [['a', '3']])).toEqual([['a', '3']]);
});

it('has joined when what was there has been heard, and not after the listening broke meanwhile', async () => {
  const { space, listener, replies, told, settle } = aSpace();
  listener.joined();
  listener.lost(new Error('broke'));
  listener.joined();
  replies[0]?.resolve([['a', 'old']]);
  await settle();
  expect([space.isJoined, told]).toEqual([false, ['Error: broke']]);
  replies[1]?.resolve([['a', 'new']]);
  await settle();
  expect([space.isJoined, told.slice(1)]).toEqual([true, ['a=new', 'joined']]);
});

it('loads again after a load has failed, until it is closed', async () => {
  const { env, space, listener, replies, told, settle } = aSpace();
  listener.joined();
  replies[0]?.reject(new Error('slow'));
  await settle();
  env.advance(500);
  expect(replies).toHaveLength(2);
  space.close();
  replies[1]?.resolve([['a', '1']]);
  listener.changed([['a', '2']]);
  await settle();
  expect(told).toEqual(['Error: slow', 'left']);
  expect([space.isJoined, env.pendingTimers]).toEqual([false, 0]);
});
