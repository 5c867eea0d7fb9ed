import { type HostRow, rowOf, WORDS } from "./host-row.ts";
import { type Html, html } from "./html.ts";
import type { PeerOverview } from "./overview.ts";
import { renderAttention } from "./render-attention.ts";
import { renderHosts, renderMonitors } from "./render-hosts.ts";
import { renderIncident } from "./render-incident.ts";
import { renderVerdict, worstState } from "./render-verdict.ts";
import { clock } from "./time-text.ts";

/** The page, complete without its script. @param now ms since the epoch */
export function renderPage(peers: readonly PeerOverview[], now: number): Html {
  const rows = peers.map(rowOf);
  const state = worstState(rows);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(rows)}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
<noscript><meta http-equiv="refresh" content="10"></noscript>
</head>
<body data-now="${now}" data-state="${state}">
<a class="skip" href="#main">Skip to the state</a>
<header>
<p class="brand">Instance HA</p>
<p class="fresh"><span data-freshness>As of</span> <time datetime="${new Date(now).toISOString()}">${clock(now)}</time></p>
</header>
<p class="contact" role="alert" data-contact hidden></p>
<main id="main" tabindex="-1">
${[renderVerdict, renderHosts, renderAttention, renderIncident, renderMonitors].map((part) => part(rows, now))}</main>
<footer><p>Read only. Times are UTC. The same in a terminal: <code>masakari-monitors armed</code>, <code>status</code>, <code>doctor</code>.</p></footer>
<p class="unseen" role="status" aria-live="polite" data-changes></p>
</body>
</html>
`;
}

function titleOf(rows: readonly HostRow[]): string {
  const state = worstState(rows);
  const affected = rows.filter((row) => row.state === state);
  const which = affected.length === 1 ? (affected[0]?.name ?? "") : `${affected.length} hosts`;
  return `${WORDS[state]}: ${which} – Instance HA`;
}
