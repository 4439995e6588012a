// The log, newest first.

import { find, html } from "./dom.js";
import { clock } from "./words.js";

/** Lines shown at most. */
const MOST_LINES = 200;
const LEVELS = { info: "off", warning: "warn" };

const list = find("#log ol");
/** Number of the newest line. */
let newest = 0;
// What was said before the page was opened is not read out.
list.setAttribute("aria-live", "off");

/** From here on, new lines are read out. */
export const announceLines = () => list.removeAttribute("aria-live");

/** Adds a line, unless it is there: on a new connection the server tells its last lines again. */
export function addLine({ number, timestamp, severity, flow, text }) {
  if (number <= newest) return;
  newest = number;
  const at = html("time", { datetime: new Date(timestamp * 1000).toISOString() }, clock(timestamp));
  const mark = html("span", { class: "lamp", role: "img", "aria-label": severity });
  const what = html("span", { class: "what" }, ...(flow === null ? [] : [html("b", {}, flow), " "]), text);
  list.prepend(html("li", { "data-level": LEVELS[severity] }, at, mark, what));
  while (list.children.length > MOST_LINES) list.lastChild.remove();
}
