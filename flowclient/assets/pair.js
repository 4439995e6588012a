// The instances of the flow: who is on air, who could be, and whether they agree.

import { change, find, html, keep, say } from "./dom.js";
import { clock, count, span } from "./words.js";

const ROLES = {
  joining: ["Joining", "off"],
  standby: ["Standby", "good"],
  refused: ["Refused", "bad"],
  on_air: ["On air", "good"],
  handing_over: ["Handing over", "off"],
  left: ["Left", "off"],
};

const REASONS = {
  nobody: "nobody else was",
  silence: "the air was silent",
  hand_over: "handed over as planned",
  outranked: "another goes before it",
  stalled: "it did not get to run in time",
  better_input: "the input of another is better",
  unheard: "another does not hear it",
  taken_back: "the successor was not heard",
};

export function drawPair({ pair }) {
  find("#pair").hidden = pair === null;
  if (pair === null) return;
  keep(find("#pair tbody"), instances(pair), ({ instance }) => instance, create, update);
  keep(find("#agreement"), facts(pair), ([name]) => name, createFact, updateFact);
}

/** This instance, then the others. */
function instances(pair) {
  if (pair.leg !== null) return legs(pair);
  const [role, level] = standing(ROLES[pair.role], pair);
  const others = pair.peers.map((peer) => ({ ...peer, ...named(roleOf(peer)), where: peer.address }));
  return [{ ...pair, role, level, where: "this instance" }, ...others];
}

/** The leg that this instance sends, then those that others send. */
function legs(pair) {
  const none = { rank: undefined, term: "–" };
  const others = pair.legs.map((leg) => ({ ...none, ...named(standingOf(leg)), instance: leg.address, where: `leg ${leg.leg}`, quality: "–" }));
  return [{ ...pair, ...none, ...named(ROLES[pair.role]), where: `leg ${pair.leg}, this instance` }, ...others];
}

function standingOf({ heard, agrees }) {
  if (!heard) return ["Silent", "warn"];
  return agrees ? ROLES.on_air : ["Other numbers", "bad"];
}

const named = ([role, level]) => ({ role, level });

/** What another does, as far as it says so. */
const roleOf = (peer) => standing(peer.on_air ? ROLES.on_air : ["Standby", "good"], peer);

/** A standby is good for what it could do. */
function standing([role, level], { ready, leaving }) {
  if (leaving) return [`${role}, leaving`, "off"];
  return role === "Standby" && !ready ? ["Standby, not ready", "warn"] : [role, level];
}

function create() {
  const head = html("th", { scope: "row" }, html("span", { class: "lamp", "aria-hidden": true }), html("span"), html("small"));
  return html("tr", {}, head, ...Array.from({ length: 5 }, () => html("td")));
}

function update(row, { where, instance, role, level, quality, rank, term, clock_offset_seconds }) {
  change(row, "data-level", level);
  const [head, ...cells] = row.children;
  say(head.children[1], where);
  say(head.children[2], instance);
  const offset = clock_offset_seconds === undefined ? "–" : span(-clock_offset_seconds);
  [role, quality, rank === undefined ? "–" : count(rank), String(term), offset].forEach((text, at) => say(cells[at], text));
}

function facts(pair) {
  return pair.leg === null ? factsOfStandby(pair) : pair.legs.map(factOfLeg);
}

function factOfLeg({ leg, equal, unequal }) {
  return [`Same on leg ${leg}`, `${count(equal)} with the same number, ${count(unequal)} with another`];
}

function factsOfStandby({ last_change, stranger, shadow, takeovers, suppressed }) {
  const changed = last_change && `${clock(last_change.timestamp)} ${last_change.on_air ? "took" : "left"} the air: ${REASONS[last_change.reason] ?? last_change.reason}`;
  const stray = stranger && `${stranger.address} at ${clock(stranger.timestamp)}`;
  return [
    ["Last change here", changed ?? "none"],
    ["Times on air", count(takeovers)],
    ["Held back", count(suppressed)],
    ["Same as on air", `${count(shadow.equal)}; only there ${count(shadow.only_on_air)}, only here ${count(shadow.only_here)}`],
    ...(shadow.first_difference === null ? [] : [["First difference", difference(shadow.first_difference)]]),
    ...(stray === null ? [] : [["Stranger on the group", stray]]),
  ];
}

function difference({ only, after_equal }) {
  return `only ${only === "on_air" ? "on air" : "here"}, after ${count(after_equal)} that were the same`;
}

function createFact([name]) {
  return html("div", {}, html("dt", {}, name), html("dd"));
}

function updateFact(item, [, value]) {
  say(item.lastChild, value);
}
