//! Images whose signatures are looked at.

use super::*;
use crate::image::Digest;
use crate::operator::verdict::Verdict;

const REPOSITORY: &str = "docker-registry.example.com/flowclient";

fn image(version: &str) -> String {
    format!("{REPOSITORY}:{version}")
}

fn by_digest(version: &str) -> String {
    format!("{REPOSITORY}@{}", Digest::of(version.as_bytes()))
}

fn signed(version: &str) -> [(String, Verdict); 2] {
    let verdict = Verdict::Verified(Digest::of(version.as_bytes()));
    [(image(version), verdict.clone()), (by_digest(version), verdict)]
}

fn unsigned(version: &str) -> [(String, Verdict); 1] {
    [(image(version), Verdict::Refused { reason: "Unsigned", message: "it is not signed".to_owned() })]
}

/// A pair on air whose image is signed.
fn signed_pair() -> Stage {
    let mut stage = Stage::new(&pair());
    stage.verdicts = Verdicts(Some(signed("1.0.0").into()));
    stage.look();
    stage.add_pair();
    stage.look();
    stage
}

#[test]
fn a_signed_image_is_run_by_its_digest() {
    let mut stage = signed_pair();
    assert_eq!(stage.deployments[0].image, by_digest("1.0.0"));
    stage.assert_condition("ImageVerified", "True", "Signed");
    stage.assert_condition("Ready", "True", "AllWell");
    assert_eq!(stage.look().news, []);
}

#[test]
fn an_unsigned_version_is_refused_and_the_old_one_stays_on_air() {
    let mut stage = signed_pair();
    let (revision, deployments) = (stage.revision(), stage.deployments.clone());
    stage.flow.spec.version = Some("1.0.1".to_owned());
    stage.verdicts = Verdicts(Some(signed("1.0.0").into_iter().chain(unsigned("1.0.1")).collect()));
    let decision = stage.look();
    assert!(decision.make.is_empty() && decision.end.is_empty() && decision.has_problem);
    assert!(reasons(&decision).contains(&"Unsigned"), "{:?}", decision.news);
    stage.assert_condition("ImageVerified", "False", "Unsigned");
    stage.assert_condition("OnAir", "True", "OnAir");
    stage.assert_condition("Ready", "False", "Unsigned");
    assert_eq!((stage.revision(), &stage.deployments), (revision, &deployments));
    stage.verdicts = Verdicts(Some(signed("1.0.0").into_iter().chain(signed("1.0.1")).collect()));
    assert!(!stage.look().make.is_empty());
    assert_eq!(stage.deployments[1].image, by_digest("1.0.1"));
}

#[test]
fn a_version_waits_while_nothing_is_known_of_its_image() {
    let mut stage = signed_pair();
    stage.flow.spec.version = Some("1.0.1".to_owned());
    let decision = stage.look();
    assert!(decision.make.is_empty() && decision.awaits_verdict == stage.verdicts.is_waiting());
    stage.assert_condition("ImageVerified", "Unknown", "SignatureUnknown");
    stage.assert_condition("OnAir", "True", "OnAir");
}

#[test]
fn an_operator_that_begins_anew_while_the_registry_is_away_changes_nothing() {
    let mut stage = signed_pair();
    stage.verdicts = Verdicts(Some([(by_digest("1.0.0"), Verdict::Unknown("no answer".to_owned()))].into()));
    let (deployments, decision) = (stage.deployments.clone(), stage.look());
    assert_eq!((decision.news, decision.end, &stage.deployments), (vec![], vec![], &deployments));
    stage.assert_condition("ImageVerified", "True", "Signed");
}

#[test]
fn without_a_key_nothing_is_said_of_signatures() {
    let mut stage = Stage::new(&pair());
    stage.look();
    assert_eq!(stage.deployments[0].image, image("1.0.0"));
    stage.assert_condition("ImageVerified", "Unknown", "NotChecked");
}
