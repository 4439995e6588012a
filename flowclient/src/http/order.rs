//! `POST /api/v1/flows/NAME/hand-over?to=INSTANCE`: what this instance of a flow is to do.

use hyper::StatusCode;
use hyper::header::{HOST, HeaderMap, ORIGIN};
use percent_encoding::percent_decode_str;
use relay::drive::HandOverError;
use relay::pair::message::InstanceId;

use super::{Reply, TEXT, reply};
use crate::orders::{OrderError, Orders};

/// The flow that `path` has handed over, if it is such a path; a `/` in a name is written `%2F`.
pub(super) fn flow_of(path: &str) -> Option<String> {
    let name = path.strip_prefix("/api/v1/flows/")?.strip_suffix("/hand-over")?;
    let is_one = !name.is_empty() && !name.contains('/');
    is_one.then(|| percent_decode_str(name).decode_utf8().ok().map(std::borrow::Cow::into_owned))?
}

/// The instance that `query` names as the successor, if it names one.
fn successor(query: &str) -> Result<Option<InstanceId>, String> {
    let Some(name) = query.split('&').find_map(|field| field.strip_prefix("to=")) else { return Ok(None) };
    let wrong = |_| format!("to={name} is no instance: give its number as `pair.instance` has it\n");
    name.parse().map(Some).map_err(wrong)
}

/// Has it handed over, and answers what came of it.
pub(super) async fn hand_over(orders: &Orders, flow: &str, query: &str, headers: &HeaderMap) -> Reply {
    if is_of_another_site(headers) {
        return reply(StatusCode::FORBIDDEN, TEXT, "a page of another site may not ask for this\n");
    }
    let to = match successor(query) {
        Ok(to) => to,
        Err(wrong) => return reply(StatusCode::BAD_REQUEST, TEXT, wrong),
    };
    match orders.hand_over(flow, to).await {
        Ok(()) => reply(StatusCode::OK, TEXT, "handed over\n"),
        Err(why) => reply(status_of(&why), TEXT, format!("{why}\n")),
    }
}

const fn status_of(why: &OrderError) -> StatusCode {
    match why {
        OrderError::NoFlow(_) => StatusCode::NOT_FOUND,
        OrderError::HandOver(HandOverError::Ended) | OrderError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        OrderError::HandOver(_) => StatusCode::CONFLICT,
    }
}

/// Whether a browser sends this in the name of a page that does not come from here: such a page can reach an address that
/// only its reader's host can.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let own = headers.get(HOST).map(hyper::header::HeaderValue::as_bytes);
    let page = origin.as_bytes();
    let page = page.strip_prefix(b"http://").or_else(|| page.strip_prefix(b"https://"));
    page.is_none() || page != own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_named_in_the_path() {
        assert_eq!(flow_of("/api/v1/flows/ch7/hand-over").as_deref(), Some("ch7"));
        assert_eq!(flow_of("/api/v1/flows/a%2Fb%20%C3%A9/hand-over").as_deref(), Some("a/b é"));
        let others =
            ["/api/v1/flows", "/api/v1/flows//hand-over", "/api/v1/flows/a/b/hand-over", "/api/v1/flows/%ff/hand-over"];
        assert!(others.iter().all(|path| flow_of(path).is_none()));
    }

    #[test]
    fn a_successor_is_named_in_the_query() {
        assert_eq!(successor("to=00000000000000ff"), Ok(Some(InstanceId(255))));
        assert_eq!(successor(""), Ok(None));
        assert!(successor("to=ch7").unwrap_err().contains("is no instance"));
    }

    #[test]
    fn a_page_of_another_site_is_told_by_its_origin() {
        let headers = |origin: &'static str| {
            let values = [(HOST, "10.0.0.1:9090"), (ORIGIN, origin)];
            values.into_iter().map(|(name, value)| (name, hyper::header::HeaderValue::from_static(value))).collect()
        };
        assert!(!is_of_another_site(&HeaderMap::new()));
        assert!(!is_of_another_site(&headers("http://10.0.0.1:9090")));
        for origin in ["http://evil.example", "http://10.0.0.1", "null", ""] {
            assert!(is_of_another_site(&headers(origin)), "{origin}");
        }
    }
}
