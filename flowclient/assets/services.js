// The tree of services and their PIDs, and the PIDs that no service names.

import { change, find, html, keep, say } from "./dom.js";
import { bitRate, count, longSpan, pid as pidWords, plural } from "./words.js";

/** PIDs shown in one branch at most; a broken stream may have thousands. */
const MOST_PIDS = 100;

export function drawServices(flow) {
  const branches = flow.inspection === null ? [] : branchesOf(flow.inspection);
  keep(find("#services .tree"), branches, ({ key }) => key, createBranch, updateBranch);
}

function branchesOf({ services, pids, splices }) {
  const byPid = new Map(pids.map((pid) => [pid.pid, pid]));
  const named = services.flatMap((service) => pidsOf(service));
  const rest = pids.filter(({ pid }) => !named.includes(pid));
  const branches = services.map((service) => serviceBranch(service, byPid));
  if (rest.length > 0) branches.push({ key: "rest", title: "Tables and other PIDs", notes: [], ...listed(rest) });
  if (splices.length > 0) branches.push({ key: "splices", title: "Splices (SCTE 35)", notes: splices.map(spliceWords).reverse(), ...listed([]) });
  return branches;
}

function serviceBranch(service, byPid) {
  const title = service.name ?? `Service ${service.id}`;
  const about = [`number ${service.id}`, service.provider, service.service_type, service.scrambled ? "scrambled" : null];
  const events = [["Now", service.present], ["Next", service.following]].filter(([, event]) => event?.name);
  const notes = [about.filter(Boolean).join(", "), ...events.map(([when, event]) => `${when}: ${event.name}`)];
  const pids = pidsOf(service).map((number) => byPid.get(number)).filter(Boolean);
  return { key: `service-${service.id}`, title, notes, ...listed(pids), clock: service.pcr_pid };
}

/** The PIDs of a service, each once. */
function pidsOf({ map_pid, pcr_pid, streams }) {
  const all = [...streams.map((stream) => stream.pid), pcr_pid, map_pid];
  return [...new Set(all.filter((pid) => pid !== null))];
}

function listed(pids) {
  const bits = pids.reduce((sum, pid) => sum + pid.bitrate_now, 0);
  return { pids: pids.slice(0, MOST_PIDS), more: Math.max(0, pids.length - MOST_PIDS), bits };
}

function createBranch() {
  const head = html("tr", {}, ...["PID", "Carries", "Rate", "Errors"].map((text) => html("th", { scope: "col" }, text)));
  const table = html("table", {}, html("thead", {}, head), html("tbody"));
  const summary = html("summary", {}, html("b"), html("span", { class: "rate" }));
  return html("details", { open: "" }, summary, html("ul", { class: "notes" }), table, html("p", { class: "note" }));
}

function updateBranch(branch, { title, notes, pids, more, bits, clock }) {
  const [summary, list, table, rest] = branch.children;
  say(summary.firstChild, title);
  say(summary.lastChild, pids.length > 0 ? bitRate(bits) : "");
  keep(list, notes, (note) => note, (note) => html("li", {}, note));
  table.hidden = pids.length === 0;
  keep(table.lastChild, pids, ({ pid }) => pid, createPid, (row, pid) => updatePid(row, pid, pid.pid === clock));
  rest.hidden = more === 0;
  say(rest, `and ${plural(more, "PID")} more`);
}

function createPid({ pid }) {
  return html("tr", {}, html("th", { scope: "row", title: pidWords(pid) }, String(pid)), html("td"), html("td"), html("td"));
}

function updatePid(row, pid, isClock) {
  const errors = pid.continuity_errors + pid.transport_errors;
  const marks = [isClock ? "PCR" : null, pid.scrambled > 0 ? "scrambled" : null, pid.unreferenced ? "unreferenced" : null];
  const carries = [pid.description, ...marks.filter((mark) => mark !== null && mark !== pid.description)];
  say(row.children[1], carries.join(", "));
  say(row.children[2], bitRate(pid.bitrate_now));
  say(row.children[3], count(errors));
  change(row, "data-level", errors > 0 ? "warn" : "good");
}

function spliceWords({ pid, seconds_ago, command }) {
  return `${command.type.replaceAll("_", " ")} on PID ${pid}, ${longSpan(seconds_ago)} ago`;
}
