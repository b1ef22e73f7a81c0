export type { ClientOptions, ClientStats } from '../clients/client-pool.ts';
export { BalancedDispatcher, type BalancedDispatcherOptions } from './balanced-dispatcher.ts';
