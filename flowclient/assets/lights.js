// The indicators of TR 101 290 as lights.

import { change, find, html, keep, say } from "./dom.js";
import { indicators, levelOf } from "./verdict.js";
import { count, indicator, longSpan, offence, plural } from "./words.js";

const PRIORITIES = { 1: "essential", 2: "recommended", 3: "optional" };

export function drawLights(flow) {
  const all = indicators(flow);
  find("#lights .note").hidden = all.length > 0;
  const groups = Object.keys(PRIORITIES).map((priority) => all.filter((one) => one.priority === Number(priority)));
  const filled = groups.filter((group) => group.length > 0);
  keep(find("#lights .groups"), filled, ([first]) => first.priority, createGroup, (group, lights) => {
    keep(group.lastChild, lights, (one) => one.name, createLight, updateLight);
  });
}

function createGroup([{ priority }]) {
  const title = html("h3", { id: `priority-${priority}` }, `Priority ${priority} `, html("small", {}, PRIORITIES[priority]));
  return html("div", {}, title, html("ul", { "aria-labelledby": `priority-${priority}` }));
}

function createLight({ clause, name }) {
  const lamp = html("span", { class: "lamp", "aria-hidden": true });
  const label = html("span", { class: "label" }, html("span", { class: "clause" }, clause), ` ${indicator(name)}`);
  return html("li", {}, lamp, label, html("span", { class: "what" }));
}

function updateLight(light, one) {
  change(light, "data-level", levelOf(one));
  say(light.lastChild, state(one));
  change(light, "title", detail(one));
}

function state({ raised, raised_for_seconds, errors }) {
  if (raised) return `alarm ${longSpan(raised_for_seconds)}, ${plural(errors, "error")}`;
  return errors === 0 ? "ok" : `ok, ${count(errors)} before`;
}

function detail({ last, last_pid }) {
  if (last === null) return null;
  return `last: ${offence(last)}${last_pid === null ? "" : ` on PID ${last_pid}`}`;
}
