// Whether a flow is good, and if not, why: the one place that decides.

import { indicator, longSpan, offence, plural, span } from "./words.js";

/** Levels from good to bad. */
const LEVELS = ["good", "off", "warn", "bad"];

/** An alarm of priority 3 is shown, but a flow is as good with it. */
const LEAST_PRIORITY = 2;

/** Seconds that the clocks of two instances may be apart: sources made here are functions of UTC. */
const MOST_CLOCK_OFFSET = 0.1;

/** The indicators of a flow in the order of the document. */
export function indicators(flow) {
  const all = Object.entries(flow.inspection?.tr101290 ?? {}).map(([name, report]) => ({ name, ...report }));
  return all.sort((a, b) => a.clause.localeCompare(b.clause, "en", { numeric: true }));
}

/** The indicators whose alarm is raised. */
export const raised = (flow) => indicators(flow).filter((one) => one.raised);

/** How bad it is that an indicator's alarm is raised. */
export function levelOf({ raised, priority }) {
  if (!raised) return "good";
  return priority === 1 ? "bad" : "warn";
}

/** Level, headline and reasons of a flow. */
export function verdict(flow) {
  const alarms = raised(flow);
  const grave = alarms.filter(({ priority }) => priority <= LEAST_PRIORITY);
  const worries = [...worriesOf(flow), ...worriesOfPace(flow)];
  const levels = [levelOfState(flow), ...worries.map(({ level }) => level), ...grave.map(levelOf)];
  const level = LEVELS[Math.max(...levels.map((one) => LEVELS.indexOf(one)))];
  return { level, headline: headline(flow, grave.length), reasons: [...troubles(flow), ...worries, ...alarms.map(sentence)] };
}

function levelOfState(flow) {
  if (flow.state === "on air" || flow.state === "watching") return flow.ready ? "good" : "bad";
  if (flow.state === "standby") return flow.ready ? "good" : "warn";
  return flow.state === "ended" || flow.state === "joining" ? "off" : "bad";
}

/** What the other instances of the flow give cause to worry about. */
function worriesOf({ pair, on_air }) {
  if (pair === null) return [];
  if (pair.leg !== null) return pair.legs.filter(({ heard }) => !heard).map(({ leg, address }) => worry(address, `Leg ${leg} is not heard (${address})`));
  const isReady = (peer) => peer.ready && !peer.leaving;
  const clocks = pair.peers.filter((peer) => Math.abs(peer.clock_offset_seconds) > MOST_CLOCK_OFFSET);
  return [
    ...(on_air && !pair.peers.some(isReady) ? [worry("alone", "No other instance is ready to go on")] : []),
    ...clocks.map((peer) => worry(peer.instance, `The clock of ${peer.address} is ${span(Math.abs(peer.clock_offset_seconds))} off`)),
  ];
}

function worriesOfPace({ output }) {
  return output.pacing === "degraded" ? [worry("pacing", "Datagrams leave too far from their time: the host is short of processor time")] : [];
}

const worry = (key, text) => ({ key, level: "warn", text, since: "" });

function headline(flow, alarms) {
  const state = flow.state[0].toUpperCase() + flow.state.slice(1);
  return alarms === 0 ? state : `${state}, ${plural(alarms, "alarm")}`;
}

function troubles(flow) {
  const worth = flow.reasons.filter((reason) => reason !== flow.state);
  return worth.map((text) => ({ key: text, level: levelOfState(flow), text, since: "" }));
}

function sentence(alarm) {
  const pid = alarm.last_pid === null ? "" : ` on PID ${alarm.last_pid}`;
  const what = alarm.last === null ? "" : `: ${offence(alarm.last)}`;
  const text = `${alarm.clause} ${indicator(alarm.name)}${pid}${what}`;
  return { key: alarm.name, level: levelOf(alarm), text, since: longSpan(alarm.raised_for_seconds ?? 0) };
}
