// The older lines of peers that the ranges allow.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { TWO_TOKENS, TWO_TOKENS_VERIFIED } from './programs.mjs';
import { check } from './report.mjs';
import { copy, outputOf, project } from './workplace.mjs';

/** @param alone - the project that has the library alone; @param tools - the folder with older peers */
export async function checkPeers(alone, tools) {
  await check('tokens are verified with jose 5, too', async () => {
    const path = await project('older');
    const installed = (at, name) => join(at, 'node_modules', name);
    await copy(installed(alone, 'evenkeel'), installed(path, 'evenkeel'), { recursive: true });
    await copy(installed(tools, 'jose-5'), installed(path, 'jose'), { recursive: true });
    const code = `
      import * as crypto from 'node:crypto';
      import { jwtSessions } from 'evenkeel/sessions';
      ${TWO_TOKENS}
      console.log(JSON.stringify(await twoTokens()));`;
    assert.deepEqual(await outputOf(path, 'use.mjs', code), TWO_TOKENS_VERIFIED);
  });
}
