// Types of undici that it does not export by name.
import type { Dispatcher } from 'undici';

export type Handler = Dispatcher.DispatchHandler;
export type Controller = Dispatcher.DispatchController;
/** The headers of a response, by name. */
export type DispatchedHeaders = Parameters<NonNullable<Handler['onResponseStart']>>[2];
/** The socket of an upgrade. */
export type UpgradedSocket = Parameters<NonNullable<Handler['onRequestUpgrade']>>[3];
