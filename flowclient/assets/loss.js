// What is missing, and whose fault it is.

import { change, find, html, keep, say } from "./dom.js";
import { lossByCause } from "./past.js";
import { count, plural } from "./words.js";

const CAUSES = {
  upstream: "Upstream: it was missing before it reached this network",
  network: "Network: it was lost on the way to this host",
  host: "Host: this machine dropped it",
  process: "Process: flowclient dropped it",
};

export function drawLoss(flow, samples) {
  const first = samples[0].loss;
  const rows = lossByCause(flow).map(({ cause, total }) => ({ cause, total, recent: total - (first[cause] ?? 0) }));
  keep(find("#loss tbody"), rows, ({ cause }) => cause, create, update);
  const { reordered, duplicates, dropped } = flow.input;
  const others = [plural(reordered, "datagram") + " reordered", `${count(duplicates)} twice`, `${count(dropped.malformed)} malformed`];
  say(find("#loss .note"), others.join(", "));
}

function create({ cause }) {
  const [name, what] = (CAUSES[cause] ?? cause).split(": ");
  const head = html("th", { scope: "row" }, html("span", { class: "lamp", "aria-hidden": true }), name, html("small", {}, what ?? ""));
  return html("tr", {}, head, html("td"), html("td"));
}

function update(row, { total, recent }) {
  change(row, "data-level", recent > 0 ? "bad" : "good");
  say(row.children[1], recent > 0 ? count(recent) : "none");
  say(row.children[2], count(total));
}
