// The last minutes of each flow; only the browser keeps them.

/** How far back, in seconds. */
export const SPAN_S = 300;

/** Samples of each flow by name. */
const flows = new Map();

/** Adds a sample to each flow of `answer`, taken at `now` in seconds of a clock that nobody sets, and forgets flows that are gone. */
export function remember(answer, now) {
  for (const flow of answer.flows) {
    const samples = flows.get(flow.name) ?? [];
    // Counters that run backwards are another flow's of the same name.
    if (samples.length > 0 && flow.uptime_seconds < samples.at(-1).uptime) samples.length = 0;
    samples.push(sample(flow, now));
    while (samples[0].at < now - SPAN_S) samples.shift();
    flows.set(flow.name, samples);
  }
  const names = new Set(answer.flows.map((flow) => flow.name));
  for (const name of flows.keys()) if (!names.has(name)) flows.delete(name);
}

/** What is remembered of a flow, oldest first. */
export const past = (name) => flows.get(name) ?? [];

function sample(flow, at) {
  // What was last known of an input that is gone is no sample.
  const arrival = flow.input.up ? flow.inspection?.arrival : null;
  return {
    at,
    uptime: flow.uptime_seconds,
    input: flow.input.bits_per_second,
    output: flow.output.bits_per_second,
    delay: arrival?.delay_factor_seconds ?? null,
    intervals: arrival?.intervals ?? null,
    loss: flow.loss,
  };
}
