//! What is told of a pair, and what can be asked of it.

use tests::lab::{Flowclient, Path, Sender, until};
use tests::order::Order;
use tests::shapes::datagrams;

use super::lab::Lab;
use crate::{IN, OUT, SEND_TO};

/// The name of the flow, as it stands in the path.
const HAND_OVER: &str = "/api/v1/flows/239.1.1.7:5000/hand-over";

#[test]
fn each_instance_tells_how_it_stands_and_the_air_is_handed_over_when_asked() {
    let lab = Lab::new(2);
    let feed = lab.feed();
    let first = lab.on_air();
    let (leader, follower) = (lab.instance(first), lab.instance(1 - first));
    follower.wait_until_ready();
    until("the follower's report", || (follower.flow()["state"] == "standby").then_some(()));
    assert_eq!((&leader.flow()["state"], &leader.flow()["pair"]["role"]), (&"on air".into(), &"on_air".into()));

    let refusal = follower.post(HAND_OVER);
    assert_eq!((refusal.status, refusal.body.as_str()), (409, "this instance is not on air\n"));
    let answer = leader.post(HAND_OVER);
    assert_eq!((answer.status, answer.body.as_str()), (200, "handed over\n"), "{}", leader.stderr());
    until("the other on air", || (follower.flow()["state"] == "on air").then_some(()));
    assert_eq!(follower.flow()["pair"]["last_change"]["reason"], "hand_over");
    assert_eq!(lab.order_at_end(feed), Order::default());
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
