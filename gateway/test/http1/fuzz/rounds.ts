// Rounds of fuzzing: bytes, cut into pieces, through our parsers and through others.
import { createHash } from 'node:crypto';
import { compare, type Finding } from './compare.ts';
import { requests, responses } from './messages.ts';
import { ownRequests, ownResponses } from './own-readers.ts';
import { LlhttpReader, UndiciReader } from './peer-readers.ts';
import { cut, Random } from './random.ts';

/** Which parsers bytes are for. */
export type Kind = 'request' | 'response';

/** Compares our parsers with llhttp and undici. */
export class Rounds {
  readonly #llhttp = new LlhttpReader();
  readonly #undici: UndiciReader;

  private constructor(undici: UndiciReader) {
    this.#undici = undici;
  }

  static async start(): Promise<Rounds> {
    return new Rounds(await UndiciReader.start());
  }

  close(): void {
    this.#llhttp.close();
    this.#undici.close();
  }

  /** One round. @returns the bytes, if there is a finding */
  async round(kind: Kind, seed: number): Promise<{ bytes: Buffer; finding: string } | undefined> {
    const random = new Random(seed);
    const bytes = kind === 'request' ? requests(random) : responses(random);
    const finding = splitFinding(kind, bytes, random) ?? (await this.check(kind, bytes, cut(bytes, random)));
    return finding === undefined ? undefined : { bytes, finding };
  }

  async check(kind: Kind, bytes: Buffer, pieces: readonly Buffer[]): Promise<Finding> {
    const [own, peer] =
      kind === 'request'
        ? [ownRequests(pieces), await this.#llhttp.read(pieces)]
        : [ownResponses(pieces), await this.#undici.read(pieces)];
    return compare(kind, bytes, own, peer);
  }
}

/** Bytes in any pieces must be read as if they came at once. */
export function splitFinding(kind: Kind, bytes: Buffer, random: Random): Finding {
  const read = kind === 'request' ? ownRequests : ownResponses;
  const whole = JSON.stringify(read([bytes]));
  for (const pieces of [
    cut(bytes, random),
    cut(bytes, random),
    [...bytes].map((octet) => Buffer.from([octet])),
  ]) {
    const cutUp = JSON.stringify(read(pieces));
    if (cutUp !== whole)
      return `in pieces of ${pieces.map(({ length }) => length)}:\n  ${cutUp}\n  at once ${whole}`;
  }
  return undefined;
}

/** A name for bytes that were found. */
export function nameOf(kind: Kind, bytes: Buffer): string {
  return `${kind}-found-${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}.txt`;
}
