import type { Target } from '../target.ts';

/** How each target is loaded; peers are not there everywhere. */
export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  evenkeel: async () => (await import('./evenkeel.ts')).evenkeel,
  nginx: async () => (await import('./nginx.ts')).nginx,
  haproxy: async () => (await import('./haproxy.ts')).haproxy,
  'http-proxy-3': async () => (await import('./http-proxy-3.ts')).httpProxy3,
};
