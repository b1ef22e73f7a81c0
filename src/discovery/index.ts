// Discovery: the port of sources of backends, and what makes them trustworthy.
export type { DiscoveredBackend, Discovery, Snapshot } from './discovery.ts';
export { type Following, type FollowOptions, follow } from './following.ts';
export type { SteadyOptions } from './options.ts';
export type { RegisterOptions, Registration, Registry } from './registration.ts';
export {
  type DiscoveryStats,
  type DiscoveryWatch,
  type SteadyDiscovery,
  steady,
  type WatchListener,
} from './steady.ts';
