// Where the page's script begins.
import { Page } from './page.ts';

new Page().start();
