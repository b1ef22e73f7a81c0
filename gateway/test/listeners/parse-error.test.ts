import { describe, expect, it } from 'vitest';
import { REFUSAL_OF_FAULT } from '../../src/listeners/parse-error.ts';

describe('bytes that are no request', () => {
  it('have an answer for each fault of the parser', () => {
    const answers = Object.entries(REFUSAL_OF_FAULT).map(([fault, { status }]) => `${fault} ${status}`);
    expect(answers.join(', ')).toBe(
      'syntax 400, version 505, target-too-long 414, too-large 431, framing 400, coding 501',
    );
  });
});
