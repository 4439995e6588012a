//! Lines of the instances' logs: read as Kubernetes hands them out, written for people.

use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};

use super::table::{Look, paint};

/// A line, when it was written, and by whom.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogLine {
    /// When, by the clock of its node.
    pub time: Timestamp,
    /// The node, and the end of the pod's name.
    pub instance: String,
    /// What the program wrote: an object of JSON, or a text.
    pub line: Value,
}

/// Reads a line that begins with a time stamp, as `kubectl logs --timestamps` writes it.
pub fn read(instance: &str, text: &str) -> Option<LogLine> {
    let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
    let time = time.parse().ok()?;
    let line = match serde_json::from_str(rest) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => Value::from(rest),
    };
    Some(LogLine { time, instance: instance.to_owned(), line })
}

/// What an instance is called among others: `k2/x7k9z`.
pub fn label(node: Option<&str>, pod: &str) -> String {
    let end = pod.rsplit('-').next().unwrap_or(pod);
    node.map_or_else(|| pod.to_owned(), |node| format!("{node}/{end}"))
}

/// The line for people, without its end; instances are as wide as `width`.
pub fn text(line: &LogLine, width: usize, colours: bool) -> String {
    let time = line.time.to_zoned(TimeZone::UTC).strftime("%H:%M:%S%.3f").to_string();
    let instance = paint(&format!("{:width$}", line.instance), Look::Head, colours);
    match &line.line {
        Value::Object(fields) => format!("{time}  {instance}  {}", of_fields(fields, colours)),
        Value::String(text) => format!("{time}  {instance}  {text}"),
        other => format!("{time}  {instance}  {other}"),
    }
}

fn of_fields(fields: &Map<String, Value>, colours: bool) -> String {
    let word = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let level = word("level");
    let look = match level {
        "ERROR" => Look::Bad,
        "WARN" => Look::Doubtful,
        _ => Look::Plain,
    };
    let rest = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "timestamp" | "level" | "message"));
    let rest: String = rest.map(|(name, value)| format!(" {name}={}", bare(value))).collect();
    format!("{}  {}{rest}", paint(&format!("{level:5}"), look, colours), word("message"))
}

/// Texts without quotes where they need none.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_of_json_is_written_for_people_and_any_other_as_it_is() {
        let shown = |text: &str| super::text(&read("k1/x7k9z", text).unwrap(), 9, false);
        let json = r#"2026-11-21T03:04:05.678912345Z {"timestamp":"t","level":"WARN","message":"output fails","flow":"ch7","why":"no route"}"#;
        assert_eq!(shown(json), "03:04:05.678  k1/x7k9z   WARN   output fails flow=ch7 why=\"no route\"");
        assert_eq!(shown("2026-11-21T03:04:05Z plain words"), "03:04:05.000  k1/x7k9z   plain words");
        assert_eq!(read("k1", "no time stamp"), None);
    }

    #[test]
    fn instances_are_called_by_node_and_the_end_of_the_pods_name() {
        assert_eq!(label(Some("k2"), "ch7-3f2a-6d9c7-x7k9z"), "k2/x7k9z");
        assert_eq!(label(None, "ch7-3f2a"), "ch7-3f2a");
    }

    proptest! {
        #[test]
        fn no_line_is_too_much(line in ".{0,80}") {
            for text in [line.clone(), format!("2026-11-21T03:04:05Z {line}")] {
                let _ = read("k1", &text).map(|line| super::text(&line, 9, true));
            }
        }
    }
}
