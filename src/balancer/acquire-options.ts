// Checks what `acquire` and `explain` are told of a request beside the request itself.

import { bag, checkBag } from '../options/bag.ts';
import { aBoolean, aListOf, anObject, aString } from '../options/rule.ts';
import type { AcquireOptions } from './decisions.ts';
import { HeldLease } from './lease.ts';

const ACQUIRE = bag<AcquireOptions>({
  tried: aListOf(anObject),
  session: anObject,
  repeatable: aBoolean,
  client: aString,
  after: { ...anObject, words: 'a lease', holds: (value) => value instanceof HeldLease },
});

/** Costs a few nanoseconds if all is well. @throws TypeError that names the option and its value */
export function checkAcquire(options: AcquireOptions): void {
  // Compared one by one, as looking them up would cost several times as much.
  for (const name in options)
    if (
      name !== 'tried' &&
      name !== 'session' &&
      name !== 'repeatable' &&
      name !== 'client' &&
      name !== 'after'
    )
      refuse(options);
  if (Array.isArray(options) || typeof options !== 'object' || options === null) refuse(options);
  const { tried, session, repeatable, client, after } = options;
  if (repeatable !== undefined && typeof repeatable !== 'boolean') refuse(options);
  if (tried !== undefined && !Array.isArray(tried)) refuse(options);
  if (session !== undefined && (typeof session !== 'object' || session === null)) refuse(options);
  if (client !== undefined && typeof client !== 'string') refuse(options);
  if (after !== undefined && !(after instanceof HeldLease)) refuse(options);
}

/** Positions before 0.2.0 were `(request, tried, session)`. */
function refuse(options: unknown): void {
  if (Array.isArray(options))
    throw new TypeError('the options of acquire must be an object such as { tried, session }, got an array');
  checkBag(options, ACQUIRE, '', 'acquire');
}
