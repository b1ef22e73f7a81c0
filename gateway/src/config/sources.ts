// Reads secrets and PEM text from files and environment variables.
import { resolve } from 'node:path';
import type { z } from 'zod';
import { shownSecret, shownValue } from './shown-value.ts';
import { readTextFile } from './text-file.ts';
import type { secret } from './values.ts';

/** A secret, or where to read it. */
export type Secret = z.output<typeof secret>;

/** Where secrets and PEM files are read. */
export interface SourceOptions {
  /** The folder that relative paths start from: that of the configuration file. */
  readonly baseDir: string;
  /** @defaultValue `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Larger than any bundle of authorities. */
const LIMIT_BYTES = 4_194_304;
const PEM = '-----BEGIN ';

/** Reads what a configuration names, and collects the problems. */
export class Sources {
  readonly problems: string[] = [];
  /** The files that were read, or could not be. */
  readonly files = new Set<string>();
  readonly #baseDir: string;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor({ baseDir, env = process.env }: SourceOptions) {
    this.#baseDir = baseDir;
    this.#env = env;
  }

  /**
   * @param where - the name of the setting in messages
   * @returns `undefined` if it cannot be read
   */
  secret(secret: Secret, where: string): string | undefined {
    if (typeof secret === 'string') return secret;
    if ('env' in secret) return this.#variable(secret.env, `${where}.env`);
    const text = this.#file(secret.file, `${where}.file`, 'the path of a file with the secret')?.replace(
      /[\r\n]+$/,
      '',
    );
    return text === ''
      ? this.#miss(`${where}.file`, 'the path of a file that is not empty', secret.file)
      : text;
  }

  /** PEM text: the setting itself, or the content of the file that it names. */
  pem(value: string, where: string): string | undefined {
    // A PEM file may begin with text about the certificate.
    if (value.includes(PEM)) return value;
    const rule = 'PEM text or the path of a PEM file';
    const text = this.#file(value, where, rule);
    return text === undefined || text.includes(PEM)
      ? text
      : this.#miss(where, rule, value, 'has no -----BEGIN');
  }

  #variable(name: string, where: string): string | undefined {
    const value = this.#env[name];
    if (value !== undefined && value !== '') return value;
    const what = value === '' ? 'is empty' : 'is not set';
    return this.#miss(where, 'the name of an environment variable', name, what);
  }

  #file(path: string, where: string, rule: string): string | undefined {
    const full = resolve(this.#baseDir, path);
    this.files.add(full);
    try {
      return readTextFile(full, LIMIT_BYTES);
    } catch (error) {
      return this.#miss(where, rule, path, (error as Error).message);
    }
  }

  #miss(where: string, rule: string, value: string, why?: string): undefined {
    // A PEM key without its first line looks like a path: do not show it.
    const isLong = value.length > 120 || value.includes('\n');
    const got = isLong ? shownSecret(value) : shownValue(value);
    this.problems.push(`${where} must be ${rule}, got ${got}${why === undefined ? '' : `, which ${why}`}`);
    return undefined;
  }
}
