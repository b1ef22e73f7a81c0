export type { ClientOptions, ClientStats } from '../clients/client-pool.ts';
export { type BalancedFetch, type BalancedFetchOptions, balancedFetch } from './balanced-fetch.ts';
export { type ProxyHandler, type ProxyHandlerOptions, proxyHandler } from './proxy-handler.ts';
