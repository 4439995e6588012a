// The page: what comes from the server goes to the panels.

import { change, find, say } from "./dom.js";
import { drawFlows } from "./flows.js";
import { drawLights } from "./lights.js";
import { addLine, announceLines } from "./log.js";
import { drawLoss } from "./loss.js";
import { drawPair } from "./pair.js";
import { past, remember } from "./past.js";
import { drawPlots } from "./plots.js";
import { drawServices } from "./services.js";
import { drawState } from "./state.js";
import { listen } from "./stream.js";
import { verdict } from "./verdict.js";
import { clock, longSpan } from "./words.js";

const LEVEL_SIGNS = { good: "", off: "", warn: "▲ ", bad: "■ " };

/** What the server said last. */
let latest = null;
/** The flow that is shown. */
let chosen = null;

listen({
  onFlows(answer) {
    // Another program now answers: its page may be another too.
    if (latest !== null && latest.revision !== answer.revision) location.reload();
    latest = answer;
    remember(answer, performance.now() / 1000);
    announceLines();
    draw();
  },
  onLine: addLine,
  onLink: drawLink,
});
addEventListener("hashchange", draw);
document.addEventListener("visibilitychange", draw);

function draw() {
  if (latest === null || document.hidden) return;
  const flow = choose(latest.flows);
  drawSummary(latest);
  drawFlows(latest.flows, flow);
  find("#flow").hidden = flow === undefined;
  if (flow !== undefined) drawFlow(flow);
}

function choose(flows) {
  const named = new URLSearchParams(location.hash.slice(1)).get("flow");
  const byName = (name) => flows.find((flow) => flow.name === name);
  const flow = byName(named) ?? byName(chosen) ?? flows[0];
  chosen = flow?.name ?? null;
  return flow;
}

function drawFlow(flow) {
  const { level, headline } = verdict(flow);
  document.title = `${LEVEL_SIGNS[level]}${flow.name}: ${headline} – flowclient`;
  drawState(flow);
  drawPair(flow);
  drawPlots(flow, past(flow.name), latest.interval_bounds_seconds);
  drawLoss(flow, past(flow.name));
  drawLights(flow);
  drawServices(flow);
}

function drawSummary({ flows, uptime_seconds, version, revision }) {
  const onAir = flows.filter((flow) => flow.on_air).length;
  say(find("#summary"), `${onAir} of ${flows.length} flows on air`);
  say(find("#version"), `Version ${version} (${revision}), up ${longSpan(uptime_seconds)}`);
}

function drawLink(live) {
  change(find("#link"), "data-level", live ? "good" : "bad");
  say(find("#link"), live ? "Live" : `No connection since ${clock(Date.now() / 1000)}: all below is old`);
  document.body.classList.toggle("old", !live);
}
