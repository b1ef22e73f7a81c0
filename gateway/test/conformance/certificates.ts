import { generate } from 'selfsigned';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const made = new Map<string, Promise<Certificate>>();

/** A self-signed certificate for names; each is made once. */
export function certificateFor(...names: string[]): Promise<Certificate> {
  const key = names.join();
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = make(names);
  made.set(key, fresh);
  return fresh;
}

async function make(names: readonly string[]): Promise<Certificate> {
  const pem = await generate([{ name: 'commonName', value: names[0] as string }], {
    keySize: 2_048,
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2 as const, value })) }],
  });
  return { cert: pem.cert, key: pem.private };
}
