//! What is told of a pair, and what can be asked of it.

use std::fs;

use tempfile::TempDir;
use tests::lab::{Flowclient, Path, Sender, until};
use tests::shapes::datagrams;

use super::assert_complete;
use super::lab::Lab;
use crate::{IN, OUT, SEND_TO};

/// The name of the flow, as it stands in the path.
const HAND_OVER: &str = "/api/v1/flows/239.1.1.7:5000/hand-over";
/// Why a hand-over that is asked for may not be.
const REFUSALS: [&str; 3] =
    ["this instance is not on air", "no other instance is ready", "the successor was not heard"];

#[test]
fn each_instance_tells_how_it_stands_and_the_one_on_air_hands_over_when_asked() {
    let lab = Lab::new(2);
    let feed = lab.feed();
    let states = || [0, 1].map(|host| lab.instance(host).flow()["state"].as_str().unwrap_or_default().to_owned());
    until("one on air and one standing by", || {
        let mut states = states();
        states.sort();
        (states == ["on air", "standby"]).then_some(())
    });
    (0..2).for_each(|host| lab.instance(host).wait_until_ready());
    // On a busy machine the air may change hands before the question comes.
    let asked = until("a hand-over", || (0..2).find(|&host| has_handed_over(lab.instance(host))));
    lab.instance(asked).wait_for_log("standing by: handed over as planned", 1);
    lab.instance(1 - asked).wait_for_log("on air: handed over as planned", 1);
    assert_complete(lab.order_at_end(feed));
}

/// Asks it to; one that is not on air says so.
fn has_handed_over(instance: &Flowclient) -> bool {
    let answer = instance.post(HAND_OVER);
    let text = answer.body.as_str();
    match answer.status {
        200 => assert_eq!(text, "handed over\n"),
        409 => assert!(REFUSALS.iter().any(|refusal| text.starts_with(refusal)), "{text}"),
        status => panic!("{status}: {text}"),
    }
    answer.status == 200
}

#[test]
fn an_instance_alone_cannot_hand_over_and_one_that_differs_is_not_ready() {
    let lab = Lab::new(1);
    let feed = lab.feed();
    let alone = lab.instance(0);
    let refusal = alone.post(HAND_OVER);
    assert_eq!((refusal.status, refusal.body.as_str()), (409, "no other instance is ready to go on\n"));
    let gone = alone.post("/api/v1/flows/nothing/hand-over");
    assert_eq!((gone.status, gone.body.as_str()), (404, "there is no flow \"nothing\"\n"));

    let other = ["--in", IN, "--out", OUT, "--pair", "--packets-per-datagram", "5"];
    let other = Flowclient::start_on(&lab.segment.hosts[0], 9_092, &other);
    until("the first difference", || other.flow()["pair"]["shadow"]["first_difference"].is_object().then_some(()));
    let readiness = other.get("/readyz");
    assert!(readiness.status == 503 && readiness.body.contains("could not go on there"), "{}", readiness.body);
    assert_eq!(alone.post(HAND_OVER).status, 409);
    drop(other);
    lab.order_at_end(feed);
}

#[test]
fn only_instances_with_the_same_key_listen_to_each_other_and_none_tells_it() {
    let (path, folder) = (Path::new(), TempDir::new().unwrap());
    let instance = |port: u16, secret: &str| {
        let file = folder.path().join(port.to_string());
        fs::write(&file, format!("{secret}\n")).unwrap();
        let flow = ["--handler", "ch7", "--out", OUT, "--pair", "--pair-key-file", file.to_str().unwrap()];
        Flowclient::start_on(&path.relay, port, &flow)
    };
    let (one, two, other) = (instance(9_090, "opensesame"), instance(9_092, "opensesame"), instance(9_093, "sesame"));
    let peers = |instance: &Flowclient| instance.flow()["pair"]["peers"].as_array().unwrap().len();
    until("both to know each other", || (peers(&one) == 1 && peers(&two) == 1).then_some(()));
    until("the other to hear their stream", || (other.flow()["pair"]["shadow"]["equal"].as_u64()? > 50).then_some(()));
    assert_eq!((peers(&one), peers(&two), peers(&other)), (1, 1, 0));
    let told = ["/api/v1/flows", "/metrics", "/"].map(|page| one.get(page).body).concat() + &one.stderr();
    assert!(!told.contains("opensesame"), "{told}");
}

#[test]
fn a_group_that_somebody_else_uses_is_left_alone() {
    let path = Path::new();
    let squatter = Sender::new(&path.sink, Path::SINK, "239.1.1.7:5000");
    let source = Sender::new(&path.source, Path::SOURCE, SEND_TO);
    let instance = Flowclient::start(&path.relay, &["--in", IN, "--out", OUT, "--pair"]);
    path.relay.wait_for_member("in0", "239.9.9.9".parse().unwrap());
    let others = datagrams(700_000, 1).next().unwrap();
    let mut ours = datagrams(0, 600_000);
    until("the refusal", || {
        squatter.send(&others);
        source.send(&ours.next().unwrap());
        instance.get("/readyz").body.contains("refused: somebody else 10.2.0.2:").then_some(())
    });
    assert_eq!(instance.flow()["pair"]["role"], "refused");
    assert_eq!(instance.metrics().count("flowclient_output_datagrams_total"), 0);
    assert!(instance.metrics().count("flowclient_pair_strangers_total") > 0);
}
