//! `GET /api/v1/flows/NAME/inspection[.txt|.ansi]`: the report on a flow that runs, as `flowclient inspect` writes it.

use hyper::StatusCode;
use percent_encoding::percent_decode_str;

use super::{JSON, Reply, TEXT, reply};
use crate::inspect::{Form, report_on};
use crate::status::FlowView;

/// The flow and the form that `path` asks for, if it is such a path; a `/` in a name is written `%2F`.
pub(super) fn asked(path: &str) -> Option<(String, Form)> {
    let (name, page) = path.strip_prefix("/api/v1/flows/")?.split_once('/')?;
    let form = match page {
        "inspection" => Form::Json,
        "inspection.txt" => Form::Text,
        "inspection.ansi" => Form::Coloured,
        _ => return None,
    };
    Some((percent_decode_str(name).decode_utf8().ok()?.into_owned(), form))
}

/// The report, or why there is none.
pub(super) fn answer(views: &[FlowView], flow: &str, form: Form) -> Reply {
    let Some(view) = views.iter().find(|view| view.name == flow) else {
        return reply(StatusCode::NOT_FOUND, TEXT, format!("there is no flow {flow:?} here\n"));
    };
    let kind = if form == Form::Json { JSON } else { TEXT };
    match report_on(view, form) {
        Ok(Some(report)) => reply(StatusCode::OK, kind, report),
        Ok(None) => {
            reply(StatusCode::CONFLICT, TEXT, format!("{flow} is not inspected in full, or nothing came in yet\n"))
        }
        Err(error) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_and_form_are_in_the_path() {
        assert_eq!(asked("/api/v1/flows/ch7/inspection"), Some(("ch7".to_owned(), Form::Json)));
        assert_eq!(asked("/api/v1/flows/a%2Fb/inspection.txt"), Some(("a/b".to_owned(), Form::Text)));
        assert_eq!(asked("/api/v1/flows/ch7/inspection.ansi"), Some(("ch7".to_owned(), Form::Coloured)));
        let others = ["/api/v1/flows", "/api/v1/flows/ch7/inspection.pdf", "/api/v1/flows/a/b/inspection"];
        assert!(others.iter().all(|path| asked(path).is_none()));
    }
}
