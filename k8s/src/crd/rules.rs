//! Rules by which the API server refuses nonsense, each with the sentence that a person gets to read.
//!
//! They are in the Common Expression Language, evaluated by the API server itself. What they let pass is looked at again by the
//! operator, with the parser and the checks of [`relay::spec`]; these are for what is wrong most often.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::ValidationRule;

/// A multicast address at the beginning of an output.
const GROUP: &str = r"((22[4-9]|23[0-9])[.][0-9.]+|\\[[fF][fF][0-9a-fA-F:.]+\\]):";
/// A number that a port can have.
const PORT: &str = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
/// An instance is to stand by.
const STANDS_BY: &str = "(!has(self.pair) || self.pair == 'standby')";

/// What must be true of the whole object.
pub(super) fn of_object() -> Vec<ValidationRule> {
    vec![rule(
        "self.metadata.name.matches('^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$')",
        "a flow's name is 1 to 40 small letters, digits and dashes, with neither a dash nor a dot at its ends or dots between: \
         its workloads are called after it",
    )]
}

/// What must be true of the specification of a flow.
pub(super) fn of_flow() -> Vec<ValidationRule> {
    let group = format!("'^((udp|rtp)://)?{GROUP}'");
    let leg = format!("'^rtp://{GROUP}'");
    vec![
        rule(
            // In the language `in` is an operator, and a field of this name is written so.
            "has(self.handler) != has(self.__in__)",
            "a flow comes from one place: give either handler (a channel of the catalog) or in (the URL of a source)",
        ),
        rule("!(has(self.version) && has(self.digest))", "version and digest both name an image: give one of them"),
        rule(
            &format!("!{STANDS_BY} || self.out.exists(url, url.matches({group}))"),
            "instances that stand by hear each other on the output group: give an out to a multicast group (224.0.0.0 to \
             239.255.255.255, or in ff00::/8) as 239.1.1.7:5000, or write pair: \"off\"",
        ),
        rule(
            &format!("!{STANDS_BY} || !self.out.exists(url, url.matches(':65535([?].*)?$'))"),
            "instances that stand by talk at the port after the stream's: give out a port up to 65534",
        ),
        rule(
            &format!(
                "!has(self.pair) || self.pair != 'active-active' || \
                 (self.out.size() > 1 && self.out.all(url, url.matches({leg})))"
            ),
            "with pair active-active each instance sends an output of its own, for receivers that merge: give two or more, each \
             RTP to a group, as rtp://239.1.1.7:5000 and rtp://239.1.2.7:5000",
        ),
        rule(
            &format!("!has(self.instances) || {STANDS_BY}"),
            "instances counts those that stand by for each other: with another pair leave it out",
        ),
        rule(
            "!has(self.interface) || self.interface.matches('^[^/ ?&]{1,15}$')",
            "an interface is called as ip link shows it, in at most 15 letters",
        ),
    ]
}

/// What must be true of the specification of a rollout.
pub(super) fn of_rollout() -> Vec<ValidationRule> {
    vec![
        rule("has(self.version) != has(self.digest)", "a rollout brings one image: give either version or digest"),
        rule(
            "has(self.flows) != (has(self.all) && self.all)",
            "say which flows: give either flows (their names) or all: true (all of this namespace)",
        ),
        rule(
            "!(has(self.abort) && self.abort && has(self.undo) && self.undo)",
            "abort puts back what is under way, undo everything: give one of them",
        ),
        rule(
            "has(self.version) == has(oldSelf.version) && (!has(self.version) || self.version == oldSelf.version) \
             && has(self.digest) == has(oldSelf.digest) && (!has(self.digest) || self.digest == oldSelf.digest) \
             && has(self.flows) == has(oldSelf.flows) && (!has(self.flows) || self.flows == oldSelf.flows)",
            "a rollout is of one image and one set of flows for ever: make another rollout",
        ),
    ]
}

/// What must be true of each output.
pub(super) fn of_output() -> Vec<ValidationRule> {
    vec![
        rule(
            r"self.matches('^((udp|rtp)://)?([0-9.]+|\\[[0-9a-fA-F:.]+\\])(:[^?]*)?([?].*)?$')",
            "an output is an IP address and a port: write 239.1.1.7:5000, rtp://239.1.1.7:5000 or [ff3e::7]:5000, with options as \
             in 239.1.1.7:5000?iface=eth1&ttl=8",
        ),
        rule(
            &format!("self.matches(':{PORT}([?].*)?$')"),
            "an output needs a port from 1 to 65535: write it as in 239.1.1.7:5000",
        ),
    ]
}

fn rule(rule: &str, message: &str) -> ValidationRule {
    ValidationRule { rule: rule.to_owned(), message: Some(message.to_owned()), ..ValidationRule::default() }
}
