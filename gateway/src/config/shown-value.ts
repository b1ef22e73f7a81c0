// Shows values and places of a configuration in messages.

/** The longest text of a value. */
const MAX_CHARACTERS = 80;
/** Line and paragraph separators, C1 controls and direction marks would change how a line looks. */
const UNFIT = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A value in a message: short, on one line, without the content of lists and objects. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return shortened(quoted(value.replace(/\/\/[^/\s]*@/, '//***@')));
    case 'object':
      return shownObject(value);
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

/** A value that may be a secret: only its kind. */
export function shownSecret(value: unknown): string {
  if (typeof value === 'string')
    return `a string of ${value.length} ${value.length === 1 ? 'character' : 'characters'}`;
  return typeof value === 'number' ? 'a number' : shownValue(value);
}

/** A place in a configuration, for example `pools.shop.backends[2].weight`. */
export function shownPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w$-]+$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${shortened(quoted(String(key)))}]`;
  }
  return text === '' ? 'the configuration' : text;
}

function shownObject(value: object | null): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `a list of ${value.length}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? '{}' : shortened(`an object with ${keys.map(plainKey).join(', ')}`);
}

function plainKey(key: string): string {
  return /^[\w$-]+$/.test(key) ? key : quoted(key);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 2 * MAX_CHARACTERS)).replace(
    UNFIT,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function shortened(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 3)}...` : text;
}
