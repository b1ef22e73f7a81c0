/**
 * The second door: what `evenkeel-gateway` needs beyond the public API. It has no promise of stability; the two packages
 * are released together and pinned to each other. Hosts import `evenkeel`.
 */
export { answerRole, listedNames, type RequestRole, requestRole, without } from './http/header-names.ts';
