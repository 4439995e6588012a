//! That everybody can read it: on any screen, by keyboard, without scripts.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::browser::{Page, Scheme};

use crate::lab::{Lab, NARROW, URL, WIDE};

/// The text elements whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3), with the ratio.
const FAINT_TEXTS: &str = include_str!("faint_texts.js");

#[test]
fn a_wide_window_shows_it_at_once_and_a_narrow_one_without_scrolling_sideways() {
    let lab = Lab::new();
    let page = lab.page_on_air(WIDE);
    page.wait_for_text("#services", |text| text.contains("H.264"));
    let fits = "document.documentElement.scrollHeight <= innerHeight";
    assert_eq!(page.value(fits), true);
    for width in [400, 320, 720, 1_000, 1_160, 1_920] {
        page.resize([width, NARROW[1]]);
        assert_eq!(page.value("document.documentElement.scrollWidth <= innerWidth"), true, "{width} pixels wide");
    }
    page.resize(WIDE);
    lab.pull_the_cable();
    page.wait_for_text("#reasons", |text| text.contains("1.6 PID error"));
    assert_eq!(page.value(fits), true, "alarmed");
}

#[test]
fn all_that_can_be_used_is_reached_by_keyboard_in_the_order_it_is_read() {
    let lab = Lab::new();
    let page = lab.page_on_air(WIDE);
    page.wait_for_text("#services", |text| text.contains("Tables"));
    page.value("window.look = () => [...document.querySelectorAll('a, summary, [tabindex=\"0\"]')].filter((one) => one.checkVisibility())");
    page.wait_for("look().length >= 8");
    page.value("window.stops = look()");
    let stops = page.value("stops.length").as_u64().unwrap();
    let walked: Vec<Value> = (0..stops).map(|_| next_stop(&page)).collect();
    assert_eq!(walked, (0..stops).map(Value::from).collect::<Vec<_>>());
}

/// The number of the element that the focus moves to, which must be seen to have it.
fn next_stop(page: &Page<'_>) -> Value {
    page.press_tab();
    assert_ne!(page.value("getComputedStyle(document.activeElement).outlineStyle"), "none");
    page.value("stops.indexOf(document.activeElement)")
}

#[test]
fn a_screen_reader_finds_landmarks_headings_and_the_state_as_live() {
    let lab = Lab::new();
    let page = lab.page_on_air(WIDE);
    let all = |script: &str| -> Vec<String> { serde_json::from_value(page.value(script)).unwrap() };
    let landmarks = all("[...document.querySelectorAll('header, main, footer, section')].map((one) => one.localName)");
    let landmarks: BTreeSet<&str> = landmarks.iter().map(String::as_str).collect();
    assert_eq!(landmarks, BTreeSet::from(["header", "main", "footer", "section"]));
    let unnamed =
        "section:not([aria-labelledby]), [role=region]:not([aria-labelledby]), svg[role=img]:not([aria-label])";
    assert_eq!(page.value(&format!("document.querySelectorAll('{unnamed}').length")), 0);
    let dangling = "[...document.querySelectorAll('[aria-labelledby]')]\
                    .filter((one) => !document.getElementById(one.getAttribute('aria-labelledby'))).length";
    assert_eq!(page.value(dangling), 0);
    assert_eq!(page.value("document.querySelector('#verdict').getAttribute('aria-live')"), "polite");
    let silent = "[...document.querySelectorAll('li[data-level], tr[data-level]')].filter((one) => !one.innerText.trim()).length";
    assert_eq!(page.value(silent), 0, "a level without words");
    assert_eq!(all("[...document.querySelectorAll('h1')].map((one) => one.innerText)"), ["flowclient"]);
}

#[test]
fn texts_stand_out_in_both_schemes_and_all_levels() {
    let lab = Lab::new();
    let page = lab.healthy_page(WIDE);
    let faint = || page.value(FAINT_TEXTS);
    for scheme in [Scheme::Light, Scheme::Dark] {
        page.prefer(scheme);
        assert_eq!(faint(), Value::Array(Vec::new()), "{scheme:?}, healthy");
    }
    page.value("document.querySelector('#summary').style.color = '#444'");
    assert_eq!(faint().as_array().unwrap().len(), 1, "a faint text in the dark");
    page.value("document.querySelector('#summary').style.color = ''");
    lab.pull_the_cable();
    page.wait_for_text("#lights", |text| text.contains("alarm"));
    for scheme in [Scheme::Light, Scheme::Dark] {
        page.prefer(scheme);
        assert_eq!(faint(), Value::Array(Vec::new()), "{scheme:?}, alarmed");
    }
}

#[test]
fn without_scripts_it_says_how_the_flows_do_and_where_the_data_are() {
    let lab = Lab::new();
    let page = lab.browser.open("about:blank", WIDE);
    page.forbid_scripts();
    page.go(URL);
    let text = page.text("body");
    assert!(text.contains("1 of 1 flows on air"), "{text}");
    assert_eq!(
        page.value(
            "document.querySelectorAll('noscript a[href=\"/metrics\"], noscript a[href=\"/api/v1/flows\"]').length"
        ),
        2
    );
}
