// Markup that the page's script copies for each pool, backend, event and candidate, and the dialogs.
import { backendTable } from './backend-columns.ts';

const { cols, headings, cells } = backendTable();

/** A state, which the page's script fills in. */
const BADGE =
  '<span class="state"><svg class="icon" aria-hidden="true"><use/></svg><span class="word"></span></span>';

/** The templates and dialogs of the page. */
export const TEMPLATES = `
<template id="pool">
  <section class="card pool">
    <div class="pool-head">
      <h2>Pool <span data-text="name"></span></h2>
      <span class="size" data-text="size"></span>
      <label class="filter" hidden>Filter
        <input type="search" placeholder="id, URL or state" spellcheck="false"></label>
      <button type="button" data-action="add">Add a backend</button>
    </div>
    <p class="muted"><span data-text="facts"></span> · fingerprint <code data-text="fingerprint"></code></p>
    <p class="panic" hidden>
      <strong>Panic:</strong> more than half of this pool is out, so health is ignored.
    </p>
    <div class="bars">
      <figure data-bar="homes" hidden>
        <figcaption>Homes of keys on the ring</figcaption><div class="bar" role="img"></div>
      </figure>
      <figure data-bar="requests" hidden>
        <figcaption>Requests in the last minute</figcaption><div class="bar" role="img"></div>
      </figure>
    </div>
    <p class="empty" hidden>This pool has no backend: every request to it gets status 503.</p>
    <table class="backends" role="table">
      <caption class="unseen"></caption>
      <colgroup><col>${cols}<col class="actions-col"></colgroup>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">Backend</th>
          ${headings}
          <th scope="col" role="columnheader"><span class="unseen">Actions</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup"></tbody>
    </table>
    <section class="fleet beside" hidden>
      <div class="beside-head">
        <h3>Gateways of the fleet</h3>
        ${BADGE}
        <span class="muted" data-text="fleetFacts"></span>
      </div>
      <ul class="rows"></ul>
    </section>
    <section class="sources beside" hidden>
      <h3>Sources of backends</h3>
      <ul class="rows"></ul>
    </section>
  </section>
</template>

<template id="gateway">
  <li>
    ${BADGE}
    <span class="name" data-text="gateway"></span>
    <code data-text="fingerprint"></code>
    <span data-text="size"></span>
    <span class="more trouble" data-text="difference"></span>
  </li>
</template>

<template id="source">
  <li>
    ${BADGE}
    <span class="name" data-text="source"></span>
    <span data-text="size"></span>
    <span data-text="age"></span>
    <span class="more" data-text="facts"></span>
    <span class="more trouble" data-text="trouble"></span>
  </li>
</template>

<template id="backend">
  <tr role="row">
    <th scope="row" role="rowheader">
      <span class="swatch"></span><span class="name" data-text="id"></span>
      <span class="more" data-text="url"></span>
      <span class="more" data-text="place"></span>
    </th>
    ${cells}
    <td role="cell" class="actions">
      <button type="button" data-action="drain">Drain</button>
      <button type="button" data-action="weight">Weight</button>
      <button type="button" data-action="remove">Remove</button>
    </td>
  </tr>
</template>

<template id="event">
  <li>
    <time data-text="time"></time>
    <span class="tag" data-text="type"></span>
    <p><span data-text="message"></span> <span class="pool-name" data-text="pool"></span></p>
  </li>
</template>

<template id="candidate">
  <tr>
    <th scope="row" class="name" data-text="id"></th>
    <td data-text="verdict"></td>
    <td class="right" data-text="flights"></td>
    <td class="right" data-text="keys"></td>
  </tr>
</template>

<dialog id="add-dialog" aria-labelledby="add-title">
  <form class="fields">
    <h2 id="add-title" class="wide">Add a backend to pool <span class="name" data-text="pool"></span></h2>
    <label class="wide">URL
      <input name="url" required inputmode="url" placeholder="http://10.0.0.7:8080" spellcheck="false"
        autocapitalize="off" aria-describedby="add-error"></label>
    <label>Id <span class="muted">(optional)</span>
      <input name="id" placeholder="the URL" spellcheck="false" autocapitalize="off"></label>
    <label>Weight <span class="muted">(optional)</span>
      <input name="weight" type="number" min="0" max="1000" step="any" placeholder="1"></label>
    <p id="add-error" class="error wide" role="alert" hidden></p>
    <div class="buttons wide">
      <button type="submit" class="primary">Add</button>
      <button type="button" data-action="cancel">Cancel</button>
    </div>
  </form>
</dialog>

<dialog id="weight-dialog" aria-labelledby="weight-title">
  <form class="fields">
    <h2 id="weight-title" class="wide">Weight of <span class="name" data-text="id"></span></h2>
    <label class="wide">Weight
      <input name="weight" type="number" min="0" max="1000" step="any" required
        aria-describedby="weight-error weight-help"></label>
    <p id="weight-help" class="muted wide">The share of the load relative to the others; 0 for none.</p>
    <p id="weight-error" class="error wide" role="alert" hidden></p>
    <div class="buttons wide">
      <button type="submit" class="primary">Save</button>
      <button type="button" data-action="cancel">Cancel</button>
    </div>
  </form>
</dialog>

<dialog id="remove-dialog" aria-labelledby="remove-title" aria-describedby="remove-help">
  <form class="fields">
    <h2 id="remove-title" class="wide">
      Remove <span class="name" data-text="id"></span> from pool <span class="name" data-text="pool"></span>?
    </h2>
    <p id="remove-help" class="wide">
      It gets no new requests; requests in flight may end. Its keys move to other backends.
    </p>
    <p class="error wide" role="alert" hidden></p>
    <div class="buttons wide">
      <button type="submit" class="danger">Remove</button>
      <button type="button" data-action="cancel" autofocus>Cancel</button>
    </div>
  </form>
</dialog>
`;
