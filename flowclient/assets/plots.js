// The plots of a flow: its bitrate, and how its datagrams arrive.

import { find, say } from "./dom.js";
import { SPAN_S } from "./past.js";
import { drawBars, LinePlot } from "./plot.js";
import { bitRate, count, span } from "./words.js";

/** The histogram is of the last so many samples, one a second. */
const HISTOGRAM_SAMPLES = 30;

const rates = [{ key: "input", label: "In" }, { key: "output", label: "Out" }];
const bitrate = new LinePlot(find("#bitrate .plot"), "Bitrate of the last 5 minutes", rates, 1e5, bitRate);
const delays = [{ key: "delay", label: "Delay factor" }];
const delay = new LinePlot(find("#arrival .plot"), "Delay factor of the last 5 minutes", delays, 1e-3, span);

export function drawPlots(flow, samples, bounds) {
  const now = samples.at(-1).at;
  bitrate.draw(samples, now, SPAN_S);
  delay.draw(samples, now, SPAN_S);
  const arrives = Boolean(flow.inspection?.arrival);
  find("#arrival .plot").hidden = find("#arrival .bars").hidden = !arrives;
  say(find("#arrival .note"), arrives ? "Time between datagrams, last 30 s" : "Nothing is known of its arrival.");
  if (arrives) drawBars(find("#arrival .bars"), histogram(samples, bounds), count);
}

/** How many of the last datagrams came so long after the one before. */
function histogram(samples, bounds) {
  const newest = samples.at(-1).intervals ?? [];
  const oldest = samples.at(-1 - HISTOGRAM_SAMPLES)?.intervals ?? samples.find((sample) => sample.intervals)?.intervals;
  const labels = [...bounds.map((bound) => `≤${span(bound)}`), `>${span(bounds.at(-1))}`];
  return labels.map((label, at) => ({ label, value: (newest[at] ?? 0) - (oldest?.[at] ?? 0) }));
}
