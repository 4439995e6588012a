mod files;
mod stream;

use std::net::{Ipv4Addr, SocketAddr};

use relay::event::{EventKind, FlowEvent};
use relay::stats::{Counters, FlowStats};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::plan::tests::spec;

/// A site with one flow that has input, and where it listens; its pulse is answered by one thread.
async fn site() -> (Arc<Board>, SocketAddr) {
    let board = Arc::new(Board::new());
    let stats = Arc::new(FlowStats::default());
    stats.publish(&Counters { input_up_gauge: 1, input_datagrams: 9, output_datagrams: 9, ..Counters::default() });
    board.enter(&spec("ch7", 5_000), stats);
    let (pulse, mut questions) = Pulse::new(1);
    tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            question.answer()();
        }
    });
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.serve(Arc::new(Site::new(Arc::clone(&board), pulse).unwrap())));
    (board, address)
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
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
