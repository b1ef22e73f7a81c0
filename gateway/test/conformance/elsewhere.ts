/** Cases of the catalogue that are not run here. */
export interface Elsewhere {
  readonly ids: readonly string[];
  /** Why not. */
  readonly why: string;
  /**
   * What proves it instead: tests of this project, or cases that are run here. Left out where there is
   * nothing to prove.
   */
  readonly by?: readonly string[];
}

/** The same thing under another number. */
const same: readonly Elsewhere[] = [
  { ids: ['B04'], why: 'the same as X48', by: ['X48'] },
  { ids: ['V07'], why: 'the same as E07', by: ['E07'] },
  { ids: ['V10'], why: 'the same as Z07', by: ['Z07'] },
];

/** What the gateway does not have. */
const absent: readonly Elsewhere[] = [
  { ids: ['X53'], why: 'backends are asked over HTTP/1.1 alone' },
  { ids: ['Y12'], why: 'nothing is sent to two backends at a time' },
  { ids: ['Y14'], why: 'TLS takes no early data here, and 425 passes like any other status' },
  { ids: ['G06', 'G07'], why: 'no code of users runs within the gateway' },
  { ids: ['V05'], why: 'Node itself ends a TLS connection that renegotiates too often' },
  { ids: ['V06'], why: 'no certificates of clients are asked for, and no header tells of any' },
];

/** What is a matter of a part, and proven of that part. */
const parts: readonly Elsewhere[] = [
  {
    ids: ['J01', 'J02', 'J03', 'J04', 'J05', 'J06', 'J07', 'J08', 'J09'],
    why: 'a matter of tokens, and not of HTTP',
    by: ['test/sessions/jwt-hostile.test.ts', 'test/sessions/jwt-sessions.test.ts'],
  },
  { ids: ['J15'], why: 'a matter of cookies alone', by: ['test/sessions/cookie-sessions.test.ts'] },
  { ids: ['J16'], why: 'a matter of tokens alone', by: ['test/sessions/jwt-sessions.test.ts'] },
  { ids: ['J18', 'Q08'], why: 'the bounds of the engine', by: ['test/property/bounds.test.ts'] },
  {
    ids: ['Q02', 'Q04', 'Q05'],
    why: 'a matter of windows, memory and clocks, in the limiter itself',
    by: ['test/rate-limit/memory-rate-limiter.test.ts'],
  },
  { ids: ['Q07'], why: 'the queue of the engine', by: ['test/traffic/lease-queue.test.ts'] },
  { ids: ['E12'], why: 'flapping backends, on a virtual clock', by: ['test/e2e/chaos.test.ts'] },
  {
    ids: Array.from({ length: 13 }, (_, i) => `C${String(i + 1).padStart(2, '0')}`),
    why: 'a matter of the configuration alone',
    by: ['gateway/test/config/read-config.test.ts', 'gateway/test/config/resolve-config.test.ts'],
  },
  { ids: ['G05'], why: 'a matter of the workers', by: ['gateway/test/workers/worker-fleet.test.ts'] },
  { ids: ['G11'], why: 'a matter of the log', by: ['gateway/test/observation/log-pipe.test.ts'] },
];

/** What needs hours, much memory, other programs, or another machine. */
const beyond: readonly Elsewhere[] = [
  { ids: ['Q06'], why: 'each worker counts for itself, as the documentation says' },
  {
    ids: ['Q09', 'Q10', 'Q12'],
    why: 'a matter of code: keys are hashed, and no regular expression backtracks',
  },
  { ids: ['G10'], why: 'the engine has a monotonic clock, and its tests move it by hand' },
  {
    ids: ['G12'],
    why: 'what bounds memory is tested piece by piece',
    by: ['B01', 'B02', 'B03', 'B06', 'L07'],
  },
  { ids: ['W10'], why: '10,000 sockets are more than a test may open' },
  {
    ids: ['W19'],
    why: 'a tunnel passes bytes as they are, and so whatever a suite of WebSocket sends',
    by: ['W12'],
  },
  { ids: ['V08'], why: 'the scanners are programs of their own; what they look for first is V01' },
];

/** Every case that is not run here, with the reason. */
export const elsewhere: readonly Elsewhere[] = [...same, ...absent, ...parts, ...beyond];
