// What the picture of each preset shows.
import type { Shown } from './picture.ts';

export const SHOWN: Readonly<Record<string, Shown>> = {
  hello: { over: 'contenders', column: 'hits' },
};
