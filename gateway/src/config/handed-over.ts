// Sockets that a parent process hands over, which listen already: `fd:3`, as systemd does it
// (sd_listen_fds(3)).

/** The first number that is not one of the standard streams. */
export const FIRST_FD = 3;
export const MAX_FD = 1_023;

/** The number of a socket in the address of a listener; `undefined` if the address is no such one. */
export function handedOver(host: string): number | undefined {
  const digits = /^fd:(\d{1,4})$/.exec(host)?.[1];
  const fd = Number(digits);
  return fd >= FIRST_FD && fd <= MAX_FD ? fd : undefined;
}

/** Whether the address of a listener needs no port. */
export function needsNoPort(host: string | undefined): boolean {
  return host?.startsWith('unix:') === true || host?.startsWith('fd:') === true;
}

/** The listeners of a configuration, as far as sockets matter. */
interface HandedOver {
  readonly listeners: readonly { readonly host?: string | undefined }[];
  readonly admin?: { readonly host?: string | undefined } | undefined;
}

/**
 * What is wrong with sockets that were handed over, as systemd tells it; nothing where it tells nothing.
 * @param pid - of this process
 */
export function handOverProblems(
  { listeners, admin }: HandedOver,
  { LISTEN_FDS, LISTEN_PID }: Readonly<Record<string, string | undefined>>,
  pid: number,
): string[] {
  if (LISTEN_FDS === undefined || LISTEN_PID === undefined) return [];
  // Those of another process are not open here: npx, for example, hands nothing on.
  const count = Number(LISTEN_PID) === pid ? Number(LISTEN_FDS) : 0;
  const all = [
    ...listeners.map(({ host }, i) => ({ host, where: `listeners[${i}]` })),
    ...(admin === undefined ? [] : [{ ...admin, where: 'admin' }]),
  ];
  return all.flatMap(({ host = '', where }) => {
    const fd = handedOver(host);
    if (fd === undefined || fd < FIRST_FD + count) return [];
    const whose = Number(LISTEN_PID) === pid ? '' : `, LISTEN_PID is ${LISTEN_PID} and this process ${pid}`;
    return [`${where}.fd must be one of the ${count} that were handed over (LISTEN_FDS), got ${fd}${whose}`];
  });
}
