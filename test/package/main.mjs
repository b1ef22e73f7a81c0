// Packs both packages as they are built, installs them outside of the checkout, and uses them there as others would.
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBun } from './bun.mjs';
import { checkGateway } from './gateway.mjs';
import { checkJest } from './jest.mjs';
import { checkLibrary } from './library.mjs';
import { check, summary } from './report.mjs';
import { toolchains } from './toolchains.mjs';
import { checkTypes } from './types.mjs';
import { cleanUp, pack, require, root, run } from './workplace.mjs';

/** What publint and Are The Types Wrong say of an archive. */
async function lint(name, archive) {
  const bin = (path) => join(root, 'node_modules', path);
  await check(`publint finds nothing in ${name}`, () =>
    run(process.execPath, [bin('publint/src/cli.js'), archive, '--strict']),
  );
  await check(`the types of ${name} are not wrong, whichever way they are resolved`, () =>
    run(process.execPath, [bin('@arethetypeswrong/cli/dist/index.js'), archive, '--no-color']),
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
    await checkJest(alone, both, tools);
    await checkBun(alone, both, tools);
  }
} finally {
  await cleanUp();
}
process.exitCode = summary();
