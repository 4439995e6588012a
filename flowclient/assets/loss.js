// What is missing, and whose fault it is.

import { change, find, html, keep, say } from "./dom.js";
import { count, plural } from "./words.js";

/** The causes along the way of a datagram. */
const CAUSES = {
  upstream: ["Upstream", "did not come to this host"],
  network: ["Network", "dropped at the interface or above it"],
  host: ["Host", "socket full, process kept waiting"],
  process: ["Process", "did not keep up, though it could run"],
};

export function drawLoss(flow, samples) {
  const first = samples[0].loss;
  const rows = Object.keys(CAUSES).map((cause) => ({ cause, total: flow.loss[cause], recent: flow.loss[cause] - first[cause] }));
  keep(find("#loss tbody"), rows, ({ cause }) => cause, create, update);
  const { reordered, duplicates, dropped } = flow.input;
  const others = [plural(reordered, "datagram") + " reordered", `${count(duplicates)} twice`, `${count(dropped.malformed)} malformed`];
  say(find("#loss .note"), others.join(", "));
}

function create({ cause }) {
  const [name, what] = CAUSES[cause];
  const head = html("th", { scope: "row" }, html("span", { class: "lamp", "aria-hidden": true }), name, html("small", {}, what));
  return html("tr", {}, head, html("td"), html("td"));
}

function update(row, { total, recent }) {
  change(row, "data-level", recent > 0 ? "bad" : "good");
  say(row.children[1], recent > 0 ? count(recent) : "none");
  say(row.children[2], count(total));
}
