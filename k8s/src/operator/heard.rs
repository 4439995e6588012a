//! What instances last answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::measured::differs;
use super::report::{FlowReport, Shadow};

/// A pod by its namespace and name.
pub type PodKey = (String, String);

/// The last answer of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Version that it said it is.
    pub version: String,
    /// What it said of its flow.
    pub flow: FlowReport,
    /// Whether all that it made since the answer before was what was on air.
    pub shadow_equal: Option<bool>,
}

/// The last answers of all instances. One that gives none is not in here: it may be on air all the same.
#[derive(Debug, Default)]
pub struct Answers(Mutex<BTreeMap<PodKey, Heard>>);

impl Answers {
    /// The last answer of a pod.
    pub fn get(&self, pod: &PodKey) -> Option<Heard> {
        self.lock().get(pod).cloned()
    }

    /// Takes note of an answer, or that there was none. Returns whether somebody should look at the flow because of it.
    pub fn note(&self, pod: PodKey, answer: Option<(String, FlowReport)>) -> bool {
        let mut answers = self.lock();
        let before = answers.remove(&pod);
        let Some((version, flow)) = answer else { return before.is_some() };
        let heard = Heard { version, shadow_equal: shadow_equal(before.as_ref(), &flow), flow };
        let is_news = before.is_none_or(|before| is_news(&before, &heard));
        answers.insert(pod, heard);
        is_news
    }

    /// Forgets pods that are not among `pods`.
    pub fn keep_only(&self, is_there: impl Fn(&PodKey) -> bool) {
        self.lock().retain(|pod, _| is_there(pod));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PodKey, Heard>> {
        // Nobody panics while holding it; and if so, the answers are as good as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When there was nothing to compare since the last answer, what was true then still is, unless it is on air.
fn shadow_equal(before: Option<&Heard>, flow: &FlowReport) -> Option<bool> {
    let shadow = |flow: &FlowReport| flow.pair.as_ref().map_or_else(Shadow::default, |pair| pair.shadow);
    if flow.on_air {
        return None;
    }
    let before = before?;
    shadow(flow).agrees_since(shadow(&before.flow)).or(before.shadow_equal)
}

fn is_news(before: &Heard, now: &Heard) -> bool {
    let stand = |heard: &Heard| {
        let flow = &heard.flow;
        let errors = flow.stream.continuity_errors;
        (heard.version.clone(), flow.state.clone(), flow.on_air, flow.ready, heard.shadow_equal, errors)
    };
    let bits = |heard: &Heard| heard.flow.output.bits_per_second.round() as i64;
    stand(before) != stand(now) || differs(bits(before), bits(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(on_air: bool, equal: u64, only_here: u64) -> Option<(String, FlowReport)> {
        let flow = serde_json::from_value(json!({
            "name": "ch7", "state": "standby", "on_air": on_air, "ready": true,
            "stream": {"continuity_errors": 0}, "output": {"bits_per_second": 8e6},
            "pair": {"shadow": {"equal": equal, "only_on_air": 0, "only_here": only_here}},
        }));
        Some(("1.0.0".to_owned(), flow.unwrap()))
    }

    #[test]
    fn an_answer_is_news_when_something_is_otherwise() {
        let (answers, pod) = (Answers::default(), ("tv".to_owned(), "a".to_owned()));
        let note = |answer| answers.note(pod.clone(), answer);
        assert!(note(answer(false, 5, 0)));
        assert!(note(answer(false, 9, 0)), "that it agrees");
        assert!(!note(answer(false, 12, 0)));
        assert!(!note(answer(false, 12, 0)), "nothing to compare");
        assert_eq!(answers.get(&pod).unwrap().shadow_equal, Some(true));
        assert!(note(answer(false, 13, 1)));
        assert_eq!(answers.get(&pod).unwrap().shadow_equal, Some(false));
        assert!(note(answer(true, 13, 1)));
        assert_eq!(answers.get(&pod).unwrap().shadow_equal, None);
        assert!(note(None) && !note(None));
        assert_eq!(answers.get(&pod), None);
    }
}
