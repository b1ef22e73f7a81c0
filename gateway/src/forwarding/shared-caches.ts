// Responses that caches between the gateway and its clients may give to several clients: a session cookie
// among their headers would make all of them one client (RFC 9111 section 7.3).

/** Whether caches may keep a response for several clients, for a time that it names. */
export function isShareable(headers: readonly string[]): boolean {
  const { control, expires } = cachingOf(headers);
  if (/(?:^|[\s,])(?:private|no-store)\b/.test(control)) return false;
  const seconds =
    /(?:^|[\s,])s-maxage\s*=\s*"?(\d+)/.exec(control) ?? /(?:^|[\s,])max-age\s*=\s*"?(\d+)/.exec(control);
  if (seconds !== null) return Number(seconds[1]) > 0;
  return /(?:^|[\s,])public\b/.test(control) || isAhead(expires);
}

/**
 * Headers with which only the client itself may keep a response.
 * @param headers - names and values by turns
 */
export function madePrivate(headers: string[]): string[] {
  const { control } = cachingOf(headers);
  if (/(?:^|[\s,])(?:private|no-store)\b/.test(control)) return headers;
  const left: string[] = [];
  const directives = control
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(?:public$|s-maxage\b)/.test(directive));
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.toLowerCase() !== 'cache-control') left.push(name, headers[index + 1] as string);
  }
  left.push('Cache-Control', ['private', ...directives].join(', '));
  return left;
}

/** A date that cannot be read has passed (RFC 9111 section 5.3). */
function isAhead(expires: string | undefined): boolean {
  return expires !== undefined && /^[a-z]{3}/i.test(expires) && Date.parse(expires) > Date.now();
}

function cachingOf(headers: readonly string[]): { control: string; expires: string | undefined } {
  const control: string[] = [];
  let expires: string | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    if (name === 'cache-control') control.push((headers[index + 1] as string).toLowerCase());
    else if (name === 'expires') expires = headers[index + 1];
  }
  return { control: control.join(', '), expires };
}
