// Runs named checks one after the other and counts them.
let passed = 0;
let failed = 0;

/** Resolves to whether the check passed; what it returns is printed beside its name. */
export async function check(name, test) {
  try {
    const figures = await test();
    passed++;
    console.log(`ok    ${name}${typeof figures === 'string' ? `: ${figures}` : ''}`);
    return true;
  } catch (error) {
    failed++;
    console.error(`FAIL  ${name}\n${[error.stack, error.stdout, error.stderr].filter(Boolean).join('\n')}`);
    return false;
  }
}

/** Prints the sum. @returns the exit code */
export function summary() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
