import { main } from './client/main.ts';
import { PARTS } from './client/parts.ts';

/**
 * The page's script. Its parts are functions that use nothing outside themselves but the browser, so that
 * the text of each can travel: they are checked like all other code and need no build of their own.
 */
export function script(): string {
  const parts = Object.entries(PARTS).map(([name, part]) => `${name}: ${part}`);
  // Compilers that keep the names of functions call `__name` inside of them.
  return `
'use strict';
{
const __name = (named) => named;
(${main})({
${parts.join(',\n')}
});
}
`;
}
