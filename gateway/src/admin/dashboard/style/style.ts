import { COLOURS } from '../../../page/colours.ts';
import { CONTROLS } from './controls.ts';
import { LAYOUT } from './layout.ts';
import { POOLS } from './pools.ts';

/** The page's style sheet. */
export const STYLE = [COLOURS, LAYOUT, CONTROLS, POOLS].join('');
