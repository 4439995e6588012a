//! A scrape in Prometheus' text format.

use std::collections::BTreeMap;

/// Samples by name and labels.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Vec<Sample>);

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// Reads a scrape; lines that are no samples are left out.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// The sum over all samples of `name` whose labels include `labels`; 0 without any.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    /// Whether there is a sample of `name` whose labels include `labels`.
    pub fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.matching(name, labels).next().is_some()
    }

    /// [`Self::sum`] of a counter, over all its labels.
    pub fn count(&self, name: &str) -> u64 {
        self.sum(name, &[]) as u64
    }

    /// [`Self::count`] of the datagrams dropped for `reason`.
    pub fn dropped(&self, reason: &str) -> u64 {
        self.sum("flowclient_input_dropped_total", &[("reason", reason)]) as u64
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| sample.name == name && includes(&sample.labels, labels))
    }
}

fn includes(all: &BTreeMap<String, String>, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(key, value)| all.get(*key).is_some_and(|have| have == value))
}

fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.trim_end_matches('}')),
        None => (series, ""),
    };
    let labels = labels.split("\",").filter_map(|pair| pair.split_once("=\""));
    let labels = labels.map(|(key, value)| (key.trim().to_owned(), value.trim_end_matches('"').to_owned())).collect();
    Some(Sample { name: name.to_owned(), labels, value: value.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_by_any_of_their_labels() {
        let scrape =
            "# HELP a b\n# TYPE a counter\na{flow=\"x\",reason=\"late\"} 3\na{flow=\"y\",reason=\"late\"} 4\nb 1.5\n";
        let metrics = Metrics::parse(scrape);
        assert!((metrics.sum("a", &[("reason", "late")]) - 7.0).abs() < f64::EPSILON);
        assert!((metrics.sum("a", &[("flow", "y")]) - 4.0).abs() < f64::EPSILON);
        assert!(metrics.has("b", &[]) && !metrics.has("c", &[]));
    }
}
