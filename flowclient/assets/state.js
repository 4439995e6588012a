// The state of the flow: the first thing to see and to hear.

import { change, find, html, keep, say } from "./dom.js";
import { verdict } from "./verdict.js";
import { bitRate, count, longSpan, span } from "./words.js";

export function drawState(flow) {
  const { level, headline, reasons } = verdict(flow);
  change(find("#state"), "data-level", level);
  say(find("#name"), flow.name);
  say(find("#verdict"), headline);
  keep(find("#reasons"), reasons, (reason) => reason.key, createReason, updateReason);
  keep(find("#figures"), figures(flow), ([name]) => name, createTerm, updateTerm);
  keep(find("#route"), route(flow), ([name]) => name, createTerm, updateTerm);
}

function createReason() {
  return html("li", {}, html("span", { class: "lamp", "aria-hidden": true }), html("span"), html("span", { class: "since" }));
}

function updateReason(item, { level, text, since }) {
  change(item, "data-level", level);
  say(item.children[1], text);
  say(item.children[2], since && `for ${since}`);
}

function figures({ input, output, stream, inspection, uptime_seconds }) {
  // What was last known of an input that is gone says nothing of now.
  const arrival = input.up ? inspection?.arrival : null;
  const multiplex = input.up ? stream.bits_per_second : null;
  return [
    ["In", bitRate(input.bits_per_second)],
    ["Out", bitRate(output.bits_per_second)],
    ["Multiplex", multiplex === null ? "–" : bitRate(multiplex)],
    ["Continuity errors", count(stream.continuity_errors)],
    ["MDI DF:MLR", arrival ? mediaDelivery(arrival) : "–"],
    ["Datagrams sent", count(output.datagrams)],
    ["Running", longSpan(uptime_seconds)],
  ];
}

/** The media delivery index as RFC 4445 writes it, with its units. */
function mediaDelivery({ delay_factor_seconds, media_loss_rate }) {
  const delay = delay_factor_seconds === null ? "–" : span(delay_factor_seconds);
  return `${delay} : ${media_loss_rate === null ? "–" : `${media_loss_rate}/s`}`;
}

function route({ input, outputs }) {
  const to = outputs.map(({ address, failure }, at) => [
    outputs.length > 1 ? `To (${at + 1})` : "To", failure === null ? address : `${address} fails: ${failure}`,
  ]);
  return [["From", input.source], ...to];
}

function createTerm([name]) {
  return html("div", {}, html("dt", {}, name), html("dd"));
}

function updateTerm(item, [, value]) {
  say(item.lastChild, value);
}
