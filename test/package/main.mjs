// Packs both packages as they are built, installs them outside of the checkout, and uses them there as
// others would.
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { checkBun } from './bun.mjs';
import { checkGateway } from './gateway.mjs';
import { checkJest } from './jest.mjs';
import { checkLibrary } from './library.mjs';
import { checkPeers } from './peers.mjs';
import { check, summary } from './report.mjs';
import { toolchains } from './toolchains.mjs';
import { checkTypes } from './types.mjs';
import { cleanUp, pack, root, run } from './workplace.mjs';

/** What publint and Are The Types Wrong say of an archive. */
async function lint(name, archive) {
  await check(`publint finds nothing in ${name}`, async () => {
    const tarball = new Uint8Array(await readFile(archive)).buffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  });
  await check(`the types of ${name} are not wrong, whichever way they are resolved`, () =>
    run(join(root, 'node_modules', '.bin', 'attw'), [archive, '--no-color']),
  );
}

try {
  await access(join(root, 'dist')).catch(() => assert.fail('run npm run build first'));
  const library = await pack(root, 'library');
  const gateway = await pack(join(root, 'gateway'), 'gateway');
  await lint('evenkeel', library);
  await lint('evenkeel-gateway', gateway);
  const alone = await checkLibrary(library);
  const both = await checkGateway(library, gateway);
  let tools;
  if (await check('the tools of others install', async () => void (tools = await toolchains()))) {
    if (both !== undefined) await checkTypes(both, tools);
    await checkPeers(alone, tools);
    await checkJest(alone, both, tools);
    await checkBun(alone, both, tools);
  }
} finally {
  await cleanUp();
}
process.exitCode = summary();
