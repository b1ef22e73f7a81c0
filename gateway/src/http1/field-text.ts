// Fields as text, as a parser has found them valid: names and values are cut out when they are asked for.

import { SP, TAB } from './octets.ts';

/**
 * Takes fields apart.
 * @param text - valid lines without folds, each with its line end
 * @returns names and values by turns
 */
export function fieldsIn(text: string): string[] {
  const fields: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\r\n', start);
    const colon = text.indexOf(':', start);
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    fields.push(text.slice(start, colon), text.slice(from, to));
    start = end + 2;
  }
  return fields;
}

function isBlank(char: number): boolean {
  return char === SP || char === TAB;
}
