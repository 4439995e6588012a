mod files;
mod stream;

use std::net::{Ipv4Addr, SocketAddr};

use relay::event::{EventKind, FlowEvent};
use relay::pair::machine::{NotHandedOver, Role};
use relay::stage::inspect::Inspector;
use relay::stats::{Counters, FlowStats};
use relay::time::Time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::plan::tests::spec;
use crate::status::tests::pair_status;

/// A site with one flow that has input, and where it listens; its pulse is answered by one thread, its orders as by flows of
/// which only `ch7` can hand over.
async fn site() -> (Arc<Board>, SocketAddr) {
    let board = Arc::new(Board::new());
    let stats = Arc::new(FlowStats::default());
    stats.publish(&Counters { input_up_gauge: 1, input_datagrams: 9, output_datagrams: 9, ..Counters::default() });
    board.enter(&spec("ch7", 5_000), stats, 0);
    let (pulse, mut questions) = Pulse::new(1);
    tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            question.answer()();
        }
    });
    let (orders, mut given) = Orders::new();
    tokio::spawn(async move {
        while let Some(order) = given.recv().await {
            match order.flow.as_str() {
                "ch7" => order.answer()(Ok(())),
                "alone" => order.answer()(Err(NotHandedOver::NobodyReady.into())),
                _ => order.refuse(),
            }
        }
    });
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.serve(Arc::new(Site::new(Arc::clone(&board), pulse, orders).unwrap())));
    (board, address)
}

async fn ask(address: SocketAddr, request: &str) -> String {
    ask_with(address, request, "").await
}

async fn ask_with(address: SocketAddr, request: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: x\r\n{header}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn output_failed(board: &Board) {
    let output = spec("ch7", 5_000).outputs[0].to_string();
    let kind = EventKind::OutputFailed { output, reason: "no <route>".to_owned() };
    board.note(&FlowEvent { flow: "ch7".to_owned(), kind });
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let (_, address) = site().await;
    let answer = ask(address, "GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4\r\n"), "{answer}");
    assert!(answer.contains("\nflowclient_output_datagrams_total{flow=\"ch7\"} 9\n"), "{answer}");
}

#[tokio::test]
async fn a_process_whose_threads_turn_is_healthy() {
    let (_, address) = site().await;
    assert!(ask(address, "GET /healthz").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn readiness_says_what_is_missing() {
    let (board, address) = site().await;
    assert!(ask(address, "GET /readyz").await.starts_with("HTTP/1.1 200 OK\r\n"));
    output_failed(&board);
    let answer = ask(address, "GET /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("ch7: output ") && answer.ends_with(": no <route>\n"), "{answer}");
}

#[tokio::test]
async fn the_flows_are_json() {
    let (board, address) = site().await;
    output_failed(&board);
    let answer = ask(address, "GET /api/v1/flows").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    let flow = &json["flows"][0];
    assert_eq!((flow["name"].as_str(), flow["ready"].as_bool()), (Some("ch7"), Some(false)));
    assert_eq!(flow["outputs"][0]["failure"], "no <route>");
    assert_eq!(flow["input"]["last_datagram_timestamp"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_flow_of_a_pair_tells_how_it_sees_the_pair() {
    let (board, address) = site().await;
    let stats = Arc::new(FlowStats::default());
    let suppressed_datagrams = 7;
    stats.publish(&Counters { input_up_gauge: 1, input_datagrams: 9, suppressed_datagrams, ..Counters::default() });
    stats.publish_pair(pair_status(Role::Standby));
    board.enter(&spec("ch8", 6_000), stats, 0);
    let answer = ask(address, "GET /api/v1/flows").await;
    let json: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let flow = &json["flows"][1];
    assert_eq!((&flow["state"], &flow["on_air"], &flow["ready"]), (&"standby".into(), &false.into(), &true.into()));
    assert_eq!((&flow["pair"]["role"], &flow["pair"]["suppressed"]), (&"standby".into(), &7.into()));
    assert_eq!(flow["pair"]["peers"][0]["address"], "10.0.0.2");
    assert_eq!(json["flows"][0]["pair"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_flow_is_handed_over_by_post_or_the_reason_told() {
    let (_, address) = site().await;
    let post = |name: &str| format!("POST /api/v1/flows/{name}/hand-over");
    let answer = ask(address, &post("ch7")).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("handed over\n"), "{answer}");
    let answer = ask(address, &post("alone")).await;
    assert!(answer.starts_with("HTTP/1.1 409 ") && answer.contains("no other instance is ready"), "{answer}");
    let answer = ask(address, &post("ch%2F9")).await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("no flow \"ch/9\""), "{answer}");
    let answer = ask(address, "GET /api/v1/flows/ch7/hand-over").await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: POST\r\n"), "{answer}");
    let answer = ask_with(address, &post("ch7"), "Origin: http://elsewhere\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[tokio::test]
async fn the_report_on_a_flow_is_written_as_inspect_writes_it_or_said_why_not() {
    let (board, address) = site().await;
    assert!(ask(address, "GET /api/v1/flows/ch9/inspection").await.starts_with("HTTP/1.1 404 "));
    let answer = ask(address, "GET /api/v1/flows/ch7/inspection.txt").await;
    assert!(answer.starts_with("HTTP/1.1 409 ") && answer.contains("not inspected in full"), "{answer}");
    let stats = Arc::new(FlowStats::default());
    stats.publish_report(Inspector::default().report(Time::default()));
    board.enter(&spec("ch8", 6_000), stats, 0);
    let answer = ask(address, "GET /api/v1/flows/ch8/inspection.txt").await;
    assert!(answer.contains("TR 101 290") && answer.contains("continuity_count_error"), "{answer}");
    let answer = ask(address, "GET /api/v1/flows/ch8/inspection").await;
    let json: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&json["input"]["kind"], &json["ts"]["packets"]), (&"udp".into(), &0.into()));
}

#[tokio::test]
async fn the_page_names_the_flow_and_its_trouble() {
    let (board, address) = site().await;
    output_failed(&board);
    let answer = ask(address, "GET /").await;
    assert!(answer.contains("<th>ch7") && answer.contains("no &lt;route&gt;"), "{answer}");
}

#[tokio::test]
async fn what_is_not_here_is_said_so() {
    let (_, address) = site().await;
    assert!(ask(address, "GET /nothing").await.starts_with("HTTP/1.1 404 "));
    let answer = ask(address, "POST /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET, HEAD"), "{answer}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let (_, address) = site().await;
    let error = format!("{:#}", Server::bind(address).await.err().unwrap());
    assert!(error.contains(&format!("--listen {address}")) && error.contains("in use"), "{error}");
}
