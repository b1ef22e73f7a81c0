// Subpaths that this package once had: importing one fails with an error that says where it is now.

/** The type of what has moved: the compiler shows it where the old name is used. */
export type Moved<From extends string, To extends string> = `${From} has moved: import ${To}`;

/** @throws Error that names the new place */
export function moved<From extends string, To extends string>(from: From, to: To): Moved<From, To> {
  const needs = to.startsWith('evenkeel-gateway') ? ' (npm install evenkeel-gateway)' : '';
  throw Object.assign(new Error(`${from} has moved: import ${to}${needs}`), { code: 'ERR_LB_MOVED' });
}
