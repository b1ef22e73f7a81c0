// The examples of fleets where something is missing or wrong. That they run is a check of `npm run verify`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const all = ['--import', 'tsx', `examples/fleet/${folder}/main.ts`, '--port', '24000', ...args];
  const child = spawn(process.execPath, all, { cwd: ROOT, env: { ...process.env, ...env } });
  const [[code], out, err] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

describe.concurrent('the examples of fleets', () => {
  it.each([
    ['redis', 'redis-server cannot be started (ENOENT): apt-get install redis-server\n'],
    ['dns', 'dnsmasq cannot be started (ENOENT): apt-get install dnsmasq-base\n'],
  ])('tell in a line what is to be installed for %s', async (folder, err) => {
    expect(await run(folder, [], { PATH: '/nowhere' })).toEqual({ code: 1, out: '', err });
  });

  it('tell in a line what is wrong with the command line', async () => {
    expect(await run('kubernetes', ['--port', '80'])).toEqual({
      code: 2,
      out: '',
      err: '--port must be an integer from 1024 to 65000, got "80" (--help lists the options)\n',
    });
  });
});
