// The list of flows; of one alone there is none.

import { change, find, html, keep, say } from "./dom.js";
import { verdict } from "./verdict.js";
import { bitRate } from "./words.js";

export function drawFlows(flows, chosen) {
  find("#flows").hidden = flows.length < 2;
  keep(find("#flows ul"), flows, (flow) => flow.name, create, (item, flow) => update(item, flow, flow === chosen));
}

function create({ name }) {
  const hash = new URLSearchParams({ flow: name });
  const texts = [html("b", {}, name), html("span", { class: "what" }), html("span", { class: "rate" })];
  return html("li", {}, html("a", { href: `#${hash}` }, html("span", { class: "lamp", "aria-hidden": true }), ...texts));
}

function update(item, flow, isChosen) {
  const { level, headline } = verdict(flow);
  change(item, "data-level", level);
  change(item.firstChild, "aria-current", isChosen ? "true" : null);
  say(item.querySelector(".what"), headline);
  say(item.querySelector(".rate"), bitRate(flow.output.bits_per_second));
}
