import { adminApi } from './admin-api.ts';
import { backendActions } from './backend-actions.ts';
import { backendRow } from './backend-row.ts';
import { dialogs } from './dialogs.ts';
import { dom } from './dom.ts';
import { eventList } from './event-list.ts';
import { explainForm } from './explain-form.ts';
import { explanationView } from './explanation-view.ts';
import { figureCells } from './figure-cells.ts';
import { formats } from './formats.ts';
import { notices } from './notices.ts';
import { overview } from './overview.ts';
import { pictures } from './pictures.ts';
import { poller } from './poller.ts';
import { poolSection } from './pool-section.ts';
import { signIn } from './sign-in.ts';
import { tracks } from './tracks.ts';

/** What the page's script is made of, but for its beginning. */
export const PARTS = {
  adminApi,
  backendActions,
  backendRow,
  dialogs,
  dom,
  eventList,
  explainForm,
  explanationView,
  figureCells,
  formats,
  notices,
  overview,
  pictures,
  poller,
  poolSection,
  signIn,
  tracks,
};

export type Parts = typeof PARTS;
