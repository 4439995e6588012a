// Numbers and names as people read them.

const STEPS = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** Bits a second: 8.02 Mb/s. */
export function bitRate(bits) {
  const [step, prefix] = STEPS.find(([step]) => bits >= step) ?? [1, ""];
  return `${(bits / step).toFixed(step === 1 ? 0 : 2)} ${prefix}b/s`;
}

/** Bits a second, as round as the marks of an axis are: 7.5 Mb/s. */
export const roundBitRate = (bits) => bitRate(bits).replace(/\.?0+ /, " ");

/** A count with its thousands apart: 12,345. */
export const count = (number) => number.toLocaleString("en");

/** A count and what it counts: 1 error, 2 errors. */
export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

/** A span in seconds, as its size asks: 12 µs, 3.4 ms, 5.6 s, 2 min 03 s, 1 h 02 min, 3 d 4 h. */
export function span(seconds) {
  const size = Math.abs(seconds);
  if (size < 1e-6) return `${Math.round(seconds * 1e9)} ns`;
  if (size < 1e-3) return `${(seconds * 1e6).toPrecision(3)} µs`;
  if (size < 1) return `${Number((seconds * 1e3).toPrecision(3))} ms`;
  if (size < 10) return `${seconds.toFixed(1)} s`;
  return longSpan(Math.floor(seconds));
}

/** A span in whole seconds. */
export function longSpan(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

/** A moment given in Unix seconds, by the clock of whoever looks. */
export const clock = (unix) => new Date(unix * 1000).toLocaleTimeString("en-GB");

const SHORT = new Set(["ts", "pat", "pmt", "pid", "crc", "pcr", "pts", "cat", "nit", "sdt", "eit", "rst", "tdt"]);

/** The name of an indicator: pat_error_2 is PAT error 2. */
export function indicator(name) {
  const words = name.split("_").map((word) => (SHORT.has(word) ? word.toUpperCase() : word));
  const text = words.join(" ").replace("EIT pf", "EIT p/f");
  return text[0].toUpperCase() + text.slice(1);
}

const byte = (value) => `0x${value.toString(16).padStart(2, "0")}`;

const OFFENCES = {
  absent_nanos: (nanos) => `absent for ${span(nanos / 1e9)}`,
  too_soon_nanos: (nanos) => `again after ${span(nanos / 1e9)}`,
  counter: ({ expected, found }) => `counter ${found} where ${expected} was expected`,
  step_nanos: (nanos) => `step of ${span(nanos / 1e9)}`,
  error_nanos: (nanos) => `off by ${nanos} ns`,
  table: (id) => `table ${byte(id)}`,
  byte,
};

/** What was seen when an error was counted. */
export function offence(what) {
  if (what === null || what === undefined) return "";
  if (typeof what === "string") return what;
  const [[kind, value]] = Object.entries(what);
  return OFFENCES[kind]?.(value) ?? kind;
}

/** A PID in both its usual forms. */
export const pid = (number) => `${number} (0x${number.toString(16).padStart(4, "0")})`;
