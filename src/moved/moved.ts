// Former subpaths of this package. Importing one throws an error that names the new place.

/** The type of an export that has moved. The compiler shows it where the old name is used. */
export type Moved<From extends string, To extends string> = `${From} has moved: import ${To}`;

/** @throws Error that names the new place */
export function moved<From extends string, To extends string>(from: From, to: To): Moved<From, To> {
  const needs = to.startsWith('evenkeel-gateway') ? ' (npm install evenkeel-gateway)' : '';
  throw Object.assign(new Error(`${from} has moved: import ${to}${needs}`), { code: 'ERR_LB_MOVED' });
}
