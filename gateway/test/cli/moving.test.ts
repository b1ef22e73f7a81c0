import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { folder, ran } from './kept-io.ts';

const page = readFileSync(new URL('../../../docs/moving.md', import.meta.url), 'utf8');
/** What nginx answered with these servers on loopback: the index of the server of each key, a digit each. */
const { keys, nginx } = JSON.parse(
  gunzipSync(readFileSync(new URL('../../../test/hashing/rings/golden.json.gz', import.meta.url))).toString(),
);
const MEASURED = nginx['weighted4-1-2-3-5'] as {
  readonly servers: readonly { readonly name: string; readonly weight: number }[];
  readonly picks: string;
};
const NGINX = `
upstream shop {
  hash $request_uri consistent;
  ${MEASURED.servers.map(({ name, weight }) => `server ${name} weight=${weight};`).join('\n  ')}
}
server { listen 8080; location / { proxy_pass http://shop; } }
`;
const LOG = Array.from(
  { length: 200 },
  (_, i) => `10.0.0.1 - - [29/Nov/2026:16:46:${10 + (i % 50)} +0000] "GET /${i % 40} HTTP/1.1" 200 17\n`,
).join('');

/** Words as a shell divides them, without what `>` names. */
function shellWords(command: string): { args: string[]; to: string | undefined } {
  const [line = '', to] = command.split(' > ');
  const words = line.match(/'[^']*'|\S+/g) ?? [];
  return { args: words.slice(2).map((word) => word.replace(/^'|'$/g, '')), to: to?.trim() };
}

it('has commands that run as they are written, one after the other', async () => {
  const write = folder();
  const files = new Map([
    ['nginx.conf', write('nginx.conf', NGINX)],
    ['access.log', write('access.log', LOG)],
  ]);
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = '']) =>
    text.trim().split('\n'),
  );
  expect(commands).toHaveLength(5);
  const outputs: string[] = [];
  for (const command of commands) {
    expect(command).toMatch(/^npx evenkeel /);
    const { args, to } = shellWords(command);
    const { code, out, err } = await ran(...args.map((word) => files.get(word) ?? word));
    expect({ command, code, err }).toEqual({ command, code: 0, err: '' });
    outputs.push(out);
    if (to === undefined) continue;
    files.set(to, write(to, out));
    files.set('native.yaml', write('native.yaml', out.replace('ring: nginx', 'ring: native')));
  }
  expect(outputs[2]).toMatch(/^ {2}strategy {2}consistent-hash\/nginx$/m);
  expect(outputs[4]).toMatch(/^pool shop: about [56]\d(\.\d)? % of the keys have another home: /);
});

it('keeps each key where nginx has it', async () => {
  const write = folder();
  const { out } = await ran('import', write('nginx.conf', NGINX));
  const file = write('gateway.yaml', out);
  const paths = [...(keys as string[]).entries()].filter(([, key]) => key.startsWith('/')).slice(0, 25);
  expect(paths).toHaveLength(25);
  for (const [i, path] of paths) {
    const { name } = MEASURED.servers[Number(MEASURED.picks[i])] as { name: string };
    const found = await ran('explain', '-c', file, '--path', path, '--json');
    expect({ path, picked: JSON.parse(found.out).explanation.picked }).toEqual({
      path,
      picked: `http://${name}`,
    });
  }
});
