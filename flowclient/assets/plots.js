// The plots of a flow: its bitrate, and how its datagrams arrive.

import { find } from "./dom.js";
import { SPAN_S } from "./past.js";
import { drawBars, LinePlot } from "./plot.js";
import { bitRate, count, roundBitRate, span } from "./words.js";

/** The histogram is of the last so many samples, one a second. */
const HISTOGRAM_SAMPLES = 30;

const rates = [{ key: "input", label: "In" }, { key: "output", label: "Out" }];
const bitrate = new LinePlot(find("#bitrate .plot"), "Bitrate of the last 5 minutes", rates, 1e5, bitRate, roundBitRate);
const delays = [{ key: "delay", label: "Delay factor" }];
const delay = new LinePlot(find("#arrival .plot"), "Delay factor of the last 5 minutes", delays, 1e-3, span, span);

export function drawPlots(flow, samples, bounds) {
  const now = samples.at(-1).at;
  bitrate.draw(samples, now, SPAN_S);
  delay.draw(samples, now, SPAN_S);
  const arrives = Boolean(flow.inspection?.arrival);
  find("#arrival .both").hidden = !arrives;
  find("#arrival > .note").hidden = arrives;
  if (arrives) drawBars(find("#arrival .bars"), histogram(samples, bounds), count);
}

/** How many of the last datagrams came so long after the one before. */
function histogram(samples, bounds) {
  const known = samples.slice(-1 - HISTOGRAM_SAMPLES).filter((sample) => sample.intervals !== null);
  const [newest, oldest] = [known.at(-1)?.intervals, known[0]?.intervals];
  const labels = [...bounds.map((bound) => [short(bound), `up to ${span(bound)}`]), ["more", `over ${span(bounds.at(-1))}`]];
  return labels.map(([label, words], at) => ({ label, words, value: newest ? newest[at] - oldest[at] : 0 }));
}

/** A span in seconds with at most five letters. */
function short(seconds) {
  const millis = Number((seconds * 1e3).toPrecision(2));
  if (millis < 0.1) return `${Math.round(seconds * 1e6)}µs`;
  return millis < 100 ? `${millis}ms` : `${seconds}s`;
}
