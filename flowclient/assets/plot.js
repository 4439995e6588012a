// Plots: lines over time, and bars.

import { change, html, keep, say, svg } from "./dom.js";

/** Samples further apart than this, in seconds, are not joined. */
const GAP_S = 3;
const MARGIN = { top: 6, right: 6, bottom: 18, left: 64 };
const GRID_LINES = 4;
/** Where a minute is narrower, in pixels, only the ends are marked. */
const LEAST_MINUTE_PX = 55;

/**
 * A plot in `box` of `series` ({ key, label }) of samples ({ at, [key] }), with a legend that gives the newest values, or those
 * under the pointer. The scale goes to `least` at least; `words(value)` writes a value,
 * `mark(value)` one of the axis.
 */
export class LinePlot {
  constructor(box, title, series, least, words, mark) {
    Object.assign(this, { title, series, least, words, mark, samples: [], until: 0, span: 1, pointer: null });
    this.legend = html("ul", { class: "legend" });
    this.drawing = svg("svg", { role: "img" });
    this.grid = svg("g", { class: "grid" });
    this.lines = series.map(({ key }) => svg("path", { class: `line ${key}` }));
    this.cursor = svg("path", { class: "cursor" });
    this.drawing.append(this.grid, ...this.lines, this.cursor);
    box.append(this.legend, html("div", { class: "drawing" }, this.drawing));
    new ResizeObserver(() => this.render()).observe(this.drawing.parentElement);
    this.drawing.addEventListener("pointermove", (event) => this.point(event.offsetX));
    this.drawing.addEventListener("pointerleave", () => this.point(null));
  }

  /** Shows the `span` seconds before `until`. */
  draw(samples, until, span) {
    Object.assign(this, { samples, until, span });
    this.render();
  }

  point(x) {
    this.pointer = x;
    this.render();
  }

  render() {
    const { clientWidth: width, clientHeight: height } = this.drawing.parentElement;
    if (width === 0 || height === 0) return;
    change(this.drawing, "viewBox", `0 0 ${width} ${height}`);
    const scale = this.scale(width, height);
    this.renderGrid(scale);
    this.series.forEach(({ key }, at) => change(this.lines[at], "d", path(this.samples, key, scale)));
    this.renderLegend(scale);
  }

  scale(width, height) {
    const values = this.samples.flatMap((sample) => this.series.map(({ key }) => sample[key] ?? 0));
    const top = roundUp(Math.max(...values, this.least) * 1.05);
    const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
    return {
      ...inner,
      top,
      x: (at) => MARGIN.left + inner.width * (1 - (this.until - at) / this.span),
      y: (value) => MARGIN.top + inner.height * (1 - value / top),
      at: (x) => this.until - this.span * (1 - (x - MARGIN.left) / inner.width),
    };
  }

  renderGrid({ top, width, height, x, y }) {
    const levels = Array.from({ length: GRID_LINES + 1 }, (_, at) => (top * at) / GRID_LINES);
    const rules = levels.map((value) => svg("path", { d: `M${MARGIN.left} ${round(y(value))}h${round(width)}` }));
    const marks = levels.slice(1).map((value) => {
      return svg("text", { x: MARGIN.left - 6, y: round(y(value) + 4), "text-anchor": "end" }, this.mark(value));
    });
    const bottom = MARGIN.top + height + 14;
    const minutes = Math.round(this.span / 60);
    const step = width / minutes < LEAST_MINUTE_PX ? minutes : 1;
    const times = Array.from({ length: minutes / step + 1 }, (_, at) => at * step).map((ago) => {
      const anchor = ago === 0 ? "end" : ago === minutes ? "start" : "middle";
      const place = { x: round(x(this.until - ago * 60)), y: bottom, "text-anchor": anchor };
      return svg("text", place, ago === 0 ? "now" : `−${ago} min`);
    });
    this.grid.replaceChildren(...rules, ...marks, ...times);
  }

  renderLegend(scale) {
    const sample = this.pointer === null ? this.samples.at(-1) : nearest(this.samples, scale.at(this.pointer));
    const shown = this.pointer !== null && sample;
    change(this.cursor, "d", shown ? `M${round(scale.x(sample.at))} ${MARGIN.top}v${round(scale.height)}` : "");
    const value = (key) => (sample?.[key] === null || sample?.[key] === undefined ? "–" : this.words(sample[key]));
    keep(this.legend, this.series, ({ key }) => key, createEntry, (item, { key }) => say(item.lastChild, value(key)));
    const texts = this.series.map(({ key, label }) => `${label} ${value(key)}`);
    change(this.drawing, "aria-label", `${this.title}: ${texts.join(", ")}`);
  }
}

function createEntry({ key, label }) {
  return html("li", {}, html("span", { class: `swatch ${key}`, "aria-hidden": true }), `${label} `, html("b"));
}

/**
 * Bars in `box`, one for each of `items` ({ label, words, value }), the highest as high as the box. `write(value)` writes a
 * value, and `words` say in full what the label stands for.
 */
export function drawBars(box, items, write) {
  const most = Math.max(...items.map(({ value }) => value), 1);
  keep(box, items, ({ label }) => label, createBar, (bar, { words, value }) => {
    bar.firstChild.firstChild.style.height = `${(100 * value) / most}%`;
    change(bar, "title", `${words}: ${write(value)}`);
  });
  const filled = items.filter(({ value }) => value > 0).map(({ words, value }) => `${words}: ${write(value)}`);
  change(box, "aria-label", filled.join(", ") || "none");
}

function createBar({ label }) {
  return html("div", { class: "bar" }, html("div", { class: "hollow" }, html("div", { class: "full" })), html("span", {}, label));
}

/** The path of one series, broken where samples are missing. */
function path(samples, key, { x, y }) {
  let text = "";
  let last = null;
  for (const { at, [key]: value } of samples) {
    if (value === null) {
      last = null;
      continue;
    }
    text += `${last !== null && at - last <= GAP_S ? "L" : "M"}${round(x(at))} ${round(y(value))}`;
    last = at;
  }
  return text;
}

const nearest = (samples, at) => samples.reduce((best, sample) => (away(sample, at) < away(best, at) ? sample : best), samples[0]);
const away = (sample, at) => Math.abs(sample.at - at);

const round = (number) => Math.round(number * 10) / 10;

/** The next of ..., 1, 2, 4, 10, 20, 40, ...: a quarter of each reads well. */
function roundUp(value) {
  const step = 10 ** Math.floor(Math.log10(value));
  return step * [1, 2, 4, 10].find((factor) => factor * step >= value);
}
