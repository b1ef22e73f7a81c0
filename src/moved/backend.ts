import { moved } from './moved.ts';

/** @deprecated Import it from `evenkeel/load-report`. */
export const loadReport = moved('evenkeel/backend', 'evenkeel/load-report');
