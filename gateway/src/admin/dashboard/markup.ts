/** The markup of the page before the first figures come. */
export const MARKUP = `
<svg hidden>
  <symbol id="icon-up" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.5"/></symbol>
  <symbol id="icon-down" viewBox="0 0 16 16"><path d="M3 3l10 10M13 3L3 13" class="line"/></symbol>
  <symbol id="icon-draining" viewBox="0 0 16 16"><path d="M8 2v11M3 8.500l5 5 5-5" class="line"/></symbol>
  <symbol id="icon-barred" viewBox="0 0 16 16">
    <circle cx="8" cy="8" r="5.5" class="line"/><path d="M4 8h8" class="line"/>
  </symbol>
  <symbol id="icon-differs" viewBox="0 0 16 16"><path d="M2.500 6h11M2.500 10h11M5 14l6-12" class="line"/></symbol>
</svg>

<header id="head">
  <div class="brand">
    <svg class="logo" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7"/></svg>
    <h1>evenkeel</h1>
    <span id="ready" class="state" data-state="barred">
      <svg class="icon" aria-hidden="true"><use href="#icon-barred"/></svg>
      <span data-text="ready">Connecting</span>
    </span>
  </div>
  <p class="facts" id="facts" hidden>
    <span data-text="version"></span>
    <span data-text="uptime"></span>
    <span data-text="workers"></span>
    <span data-text="node"></span>
  </p>
  <nav aria-label="Page" id="nav" hidden>
    <a href="#pools">Pools</a> <a href="#events">Events</a> <a href="#explain">Explain</a>
  </nav>
  <div class="buttons">
    <button type="button" id="pause" hidden>Pause</button>
    <button type="button" id="sign-out" hidden>Sign out</button>
  </div>
</header>

<div id="gone" class="banner unseen">
  <p><span id="gone-text" role="alert"></span> <span id="gone-retry"></span></p>
  <button type="button" id="retry" hidden>Try now</button>
</div>

<main>
  <p id="waiting">Waiting for the gateway …</p>
  <noscript>
    <p>This page needs JavaScript to show live figures. The same figures are at <a href="stats">/stats</a>.</p>
  </noscript>

  <section id="sign-in" class="card" aria-labelledby="sign-in-title" hidden>
    <h2 id="sign-in-title">Sign in</h2>
    <p id="token-help">
      This gateway needs the token of its configuration. The page keeps it until this tab is closed.
    </p>
    <form>
      <input type="text" autocomplete="username" value="evenkeel admin" readonly hidden>
      <label for="token">Token</label>
      <input id="token" type="password" autocomplete="current-password" spellcheck="false"
        aria-describedby="token-error token-help">
      <p id="token-error" class="error" role="alert" hidden></p>
      <button type="submit" class="primary">Sign in</button>
    </form>
  </section>

  <div id="content" hidden>
    <section id="overview" aria-label="The whole gateway">
      <dl class="tiles">
        <div class="tile">
          <dt>Requests per second</dt>
          <dd class="figure">
            <span data-text="rate"></span>
            <svg class="spark" viewBox="0 0 60 20" preserveAspectRatio="none" aria-hidden="true"><polyline/></svg>
          </dd>
          <dd class="more" data-text="requests"></dd>
        </div>
        <div class="tile">
          <dt>In flight</dt>
          <dd class="figure" data-text="inFlight"></dd>
          <dd class="more" data-text="tunnels"></dd>
        </div>
        <div class="tile">
          <dt>Open connections</dt>
          <dd class="figure" data-text="connections"></dd>
          <dd class="more" data-text="refused"></dd>
        </div>
        <div class="tile">
          <dt>p50 / p99, last minute</dt>
          <dd class="figure">
            <span data-text="p50"></span> <span class="and">/</span> <span data-text="p99"></span>
          </dd>
          <dd class="more" data-text="latency"></dd>
        </div>
        <div class="tile">
          <dt>Responses 5xx, last minute</dt>
          <dd class="figure" data-text="errorRate"></dd>
          <dd class="more" data-text="errors"></dd>
        </div>
      </dl>
      <p id="totals" class="muted"></p>
    </section>

    <div id="pools" tabindex="-1">
      <div id="pool-list"></div>
      <p id="no-pools" class="card" hidden>There is no pool.</p>
    </div>

    <div class="columns">
      <section id="events" class="card" aria-labelledby="events-title" tabindex="-1">
        <h2 id="events-title">Last events</h2>
        <p id="no-events" class="muted">Nothing has happened yet.</p>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="events-title">
          <ol id="event-list"></ol>
        </div>
      </section>

      <section id="explain" class="card" aria-labelledby="explain-title" tabindex="-1">
        <h2 id="explain-title">Explain a request</h2>
        <p class="muted">Which backend it would get, and why. Nothing is sent.</p>
        <form class="fields">
          <label class="wide">Path with its query
            <input name="path" value="/" required spellcheck="false"></label>
          <label>Host <input name="host" placeholder="any" spellcheck="false" autocapitalize="off"></label>
          <label>Method <input name="method" placeholder="GET" list="methods" spellcheck="false"></label>
          <label>Header <input name="header" placeholder="Name: value" spellcheck="false"></label>
          <label>Client address <input name="clientAddress" placeholder="none" spellcheck="false"></label>
          <datalist id="methods">
            <option>GET<option>HEAD<option>POST<option>PUT<option>PATCH<option>DELETE<option>OPTIONS
          </datalist>
          <p id="explain-error" class="error wide" role="alert" hidden></p>
          <button type="submit" class="primary">Explain</button>
        </form>
        <p id="explanation-summary" role="status"></p>
        <div id="explanation" hidden>
          <dl class="pairs">
            <div><dt>Key</dt><dd data-text="key"></dd></div>
            <div><dt>Hash</dt><dd data-text="hash"></dd></div>
            <div><dt>Position</dt><dd data-text="position"></dd></div>
            <div><dt>Strategy</dt><dd data-text="strategy"></dd></div>
            <div><dt>Home</dt><dd data-text="home"></dd></div>
            <div><dt>Bounds</dt><dd data-text="bounds"></dd></div>
            <div><dt>Asked</dt><dd data-text="trust"></dd></div>
            <div><dt>Panic</dt><dd data-text="panic"></dd></div>
          </dl>
          <div class="scroll" tabindex="0" role="region" aria-label="Candidates">
            <table class="plain">
              <caption>Candidates</caption>
              <thead>
                <tr>
                  <th scope="col">Backend</th><th scope="col">Verdict</th>
                  <th scope="col" class="right">In flight</th><th scope="col" class="right">Keys</th>
                </tr>
              </thead>
              <tbody></tbody>
            </table>
          </div>
        </div>
      </section>
    </div>
  </div>
</main>

<div id="notice" class="banner unseen">
  <p id="notice-text" role="status"></p>
  <p id="notice-alert" role="alert"></p>
  <button type="button" id="notice-close" hidden>Close</button>
</div>
`;
