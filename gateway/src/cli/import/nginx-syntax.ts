// The syntax of nginx: directives with words, and blocks of them.
import { ConfigError } from '../../errors.ts';

/** A directive; `block` is there if it ends in braces. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  readonly block: readonly Directive[] | undefined;
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly isQuoted: boolean;
}

/** @throws ConfigError with the line of the first mistake */
export function parseNginx(text: string, file: string): readonly Directive[] {
  const tokens = tokensOf(text, file);
  let at = 0;
  const block = (isInner: boolean): Directive[] => {
    const directives: Directive[] = [];
    for (;;) {
      const first = tokens[at];
      if (first === undefined) {
        if (!isInner) return directives;
        throw new ConfigError([`${file}:${tokens.at(-1)?.line ?? 1} must have a } for each {`]);
      }
      at++;
      if (isMark(first, '}')) {
        if (isInner) return directives;
        throw new ConfigError([`${file}:${first.line} must have a { before }`]);
      }
      const args: string[] = [];
      for (;;) {
        const token = tokens[at++];
        if (token === undefined)
          throw new ConfigError([`${file}:${first.line} must end ${first.text} with ; or a block`]);
        if (isMark(token, ';')) {
          directives.push({ name: first.text, args, line: first.line, block: undefined });
          break;
        }
        if (isMark(token, '{')) {
          directives.push({ name: first.text, args, line: first.line, block: block(true) });
          break;
        }
        args.push(token.text);
      }
    }
  };
  return block(false);
}

function isMark({ text, isQuoted }: Token, mark: string): boolean {
  return !isQuoted && text === mark;
}

/** Words, texts in quotes and marks; `${name}` is a part of a word. */
function tokensOf(text: string, file: string): Token[] {
  const pattern =
    /\s+|#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|[;{}]|(?:\\.|\$\{\w+\}|[^\s;{}"'\\])(?:\\.|\$\{\w+\}|[^\s;{}\\])*/gy;
  const tokens: Token[] = [];
  let line = 1;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      throw new ConfigError([
        `${file}:${line} must be readable, got ${JSON.stringify(text.slice(from, from + 20))}`,
      ]);
    const [whole, double, single] = match;
    const quoted = double ?? single;
    if (!/^[\s#]/.test(whole))
      tokens.push({
        text: (quoted ?? whole).replace(/\\(["'\\;{} ])/g, '$1'),
        line,
        isQuoted: quoted !== undefined,
      });
    line += whole.split('\n').length - 1;
  }
  return tokens;
}
