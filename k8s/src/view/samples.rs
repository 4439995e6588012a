//! Reads metrics in Prometheus' text format, as far as flowclient writes it.

use std::collections::BTreeMap;

/// A line of the format.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of the metric; of a histogram's parts, with the suffix.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Sample {
    /// Value of a label; empty if it has none, which is the same to Prometheus.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// All samples of a text; lines that are none are passed over.
pub fn parse(text: &str) -> Vec<Sample> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    (!name.is_empty()).then(|| Sample { name: name.to_owned(), labels, value })
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.insert(name.trim().to_owned(), value);
        rest = after;
    }
}

/// A value up to its closing quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn samples_are_read_with_their_labels() {
        let text = "# HELP a Help.\na 1\nb{flow=\"c\\\"h\\n7\",le=\"+Inf\"} 2.5e3 99\nnonsense\nc{x=\"} 1\n";
        let samples = parse(text);
        assert_eq!(samples.len(), 2);
        assert_eq!((samples[0].name.as_str(), samples[0].value), ("a", 1.0));
        assert_eq!((samples[1].label("flow"), samples[1].label("le"), samples[1].label("no")), ("c\"h\n7", "+Inf", ""));
        assert_eq!(samples[1].value, 2_500.0);
    }

    proptest! {
        #[test]
        fn a_label_survives_being_written_and_read(value in "[a-z\\\\\"\n }{,=]{0,12}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let samples = parse(&format!("m{{a=\"1\",flow=\"{escaped}\"}} 3"));
            prop_assert_eq!(samples[0].label("flow"), value);
        }

        #[test]
        fn no_text_is_too_much(text in "[a-z{}=\", \\\\\n0-9]{0,80}") {
            let _ = parse(&text);
        }
    }
}
