import { BASIS } from '../../../page/basis.ts';
import { COLOURS } from '../../../page/colours.ts';
import { CONTROLS } from './controls.ts';
import { FLEET } from './fleet.ts';
import { LAYOUT } from './layout.ts';
import { POOLS } from './pools.ts';

/** The page's style sheet. */
export const STYLE = [COLOURS, BASIS, LAYOUT, CONTROLS, POOLS, FLEET].join('');
