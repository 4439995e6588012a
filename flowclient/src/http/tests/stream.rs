use super::*;
use crate::history::Severity;
use crate::http::stream::MOST_CLIENTS;

/// A client that listens, and what it has heard and nobody has asked for yet.
struct Ear {
    stream: TcpStream,
    heard: String,
}

impl Ear {
    async fn open(address: SocketAddr, header: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self { stream, heard: String::new() }
    }

    /// What comes up to and with `words`.
    async fn hear(&mut self, words: &str) -> String {
        loop {
            if let Some(at) = self.heard.find(words) {
                let rest = self.heard.split_off(at + words.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            let mut piece = [0; 4_096];
            let length = self.stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "the stream has ended before {words:?}: {}", self.heard);
            self.heard += std::str::from_utf8(&piece[..length]).unwrap();
        }
    }
}

fn say(board: &Board, text: &str) {
    board.history().note(Severity::Warning, Some("ch7"), text.to_owned());
}

#[tokio::test]
async fn the_log_so_far_comes_first_then_the_flows_then_what_happens() {
    let (board, address) = site().await;
    say(&board, "one");
    let mut ear = Ear::open(address, "").await;
    let head = ear.hear("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("content-type: text/event-stream"), "{head}");
    assert!(ear.hear("event: flows\n").await.contains("\"text\":\"one\""));
    say(&board, "two");
    let line = ear.hear("\"text\":\"two\"}").await;
    assert!(
        line.contains("event: log\ndata: {") && line.contains("\"severity\":\"warning\",\"flow\":\"ch7\""),
        "{line}"
    );
}

#[tokio::test]
async fn the_flows_are_those_of_the_api_and_come_again_and_again() {
    let (_board, address) = site().await;
    let mut ear = Ear::open(address, "").await;
    for _ in 0..2 {
        ear.hear("event: flows\ndata: ").await;
        let data = ear.hear("\n\n").await;
        let json: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(json["flows"][0]["name"], "ch7");
    }
}

#[tokio::test]
async fn whoever_comes_back_is_not_told_the_same_lines_again() {
    let (board, address) = site().await;
    say(&board, "one");
    say(&board, "two");
    let first = board.history().follow(0).0[0].number;
    let mut ear = Ear::open(address, &format!("Last-Event-ID: {first}\r\n")).await;
    let told = ear.hear("event: flows").await;
    assert!(told.contains("\"two\"") && !told.contains("\"one\""), "{told}");
}

#[tokio::test]
async fn a_crowd_is_turned_away_and_scrapes_are_still_answered() {
    let (_board, address) = site().await;
    let mut crowd = Vec::new();
    for _ in 0..MOST_CLIENTS {
        let mut ear = Ear::open(address, "").await;
        ear.hear("event: flows").await;
        crowd.push(ear);
    }
    let mut late = Ear::open(address, "").await;
    assert!(late.hear("\r\n").await.starts_with("HTTP/1.1 503 "));
    assert!(ask(address, "GET /metrics").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_client_that_does_not_keep_up_is_let_go() {
    let (board, address) = site().await;
    let mut ear = Ear::open(address, "").await;
    ear.hear("event: flows").await;
    (0..1_000).for_each(|_| say(&board, "a flood"));
    // The last chunk of a body that ends in good order.
    ear.hear("\r\n0\r\n\r\n").await;
}
