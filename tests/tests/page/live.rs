//! What the page shows, and how it follows what happens.

use tests::browser::Browser;
use tests::config::{ConfigFile, Flow};
use tests::lab::{Flowclient, Path};
use tests::media;

use crate::lab::{Lab, NARROW, URL, WIDE, wait_until_healthy};

#[test]
fn a_healthy_channel_is_shown_with_all_that_is_known_of_it() {
    let lab = Lab::new();
    let page = lab.healthy_page(WIDE);
    page.wait_for_text("#figures", |text| text.contains("2.0") && text.contains("Mb/s"));
    page.wait_for_text("#services", |text| text.contains("Channel 7") && text.contains("H.264"));
    page.wait_for_text("#log", |text| text.contains("input has started"));
    page.wait_for("document.querySelector('#bitrate .line.input').getAttribute('d').includes('L')");
    // A machine that is busy raises an alarm now and then, which is over after some seconds.
    page.wait_for("document.querySelectorAll('#lights li[data-level=good] .what').length === 20");
    assert_eq!(page.text("#link"), "Live");
    page.wait_for("document.title === '239.1.1.7:5000: On air – flowclient'");
}

#[test]
fn a_pulled_input_turns_it_red_and_a_plugged_one_green_again() {
    let lab = Lab::new();
    let page = lab.healthy_page(NARROW);
    lab.pull_the_cable();
    page.wait_for_text("#verdict", |text| text.starts_with("No input, ") && text.contains("alarm"));
    page.wait_for_text("#reasons", |text| text.contains("1.3.a PAT error 2"));
    page.wait_for("document.querySelector('#lights li[data-level=bad] .what').innerText.startsWith('alarm')");
    assert_eq!(page.value("document.querySelector('#state').dataset.level"), "bad");
    assert!(page.value("document.title").as_str().unwrap().starts_with('■'));
    page.wait_for_text("#log", |text| text.contains("no input for"));
    lab.plug_the_cable();
    wait_until_healthy(&page);
    page.wait_for_text("#log", |text| text.contains("input is back"));
    assert_eq!(page.text("#reasons"), "");
    assert_eq!(page.errors(), [] as [serde_json::Value; 0]);
}

#[test]
fn a_pair_shows_who_is_on_air_and_who_could_be() {
    let path = Path::new();
    let flow = ["--handler", "ch7", "--out", "239.1.1.7:5000", "--pair"];
    let first = Flowclient::start(&path.relay, &flow);
    first.wait_for_log("on air: ", 1);
    let second = Flowclient::start_on(&path.relay, 9_092, &flow);
    let browser = Browser::start(&path.relay);
    let page = browser.open(URL, WIDE);
    let rows = "[...document.querySelectorAll('#pair tbody tr')].map((row) => row.children[1].innerText)";
    page.wait_for(&format!("{rows}.sort().join() === 'On air,Standby'"));
    page.wait_for("document.querySelectorAll('#pair tbody tr[data-level=good]').length === 2");
    page.wait_for_text("#agreement", |text| text.contains("took the air") || text.contains("left the air"));
    for width in [NARROW[0], 320] {
        page.resize([width, NARROW[1]]);
        assert_eq!(page.value("document.documentElement.scrollWidth <= innerWidth"), true, "{width} pixels wide");
    }
    second.stop().expect_success();
    page.wait_for_text("#reasons", |text| text.contains("No other instance is ready"));
    assert_eq!(page.value("document.querySelector('#state').dataset.level"), "warn");
    assert_eq!(page.errors(), [] as [serde_json::Value; 0]);
}

#[test]
fn a_server_that_was_away_is_missed_and_found_again() {
    let lab = Lab::new();
    let page = lab.page_on_air(WIDE);
    page.value("window.marked = true");
    lab.kill();
    page.wait_for_text("#link", |text| text.starts_with("No connection since"));
    lab.start();
    page.wait_for_text("#link", |text| text == "Live");
    page.wait_for_text("#verdict", |text| text.starts_with("On air"));
    assert_eq!(page.value("window.marked"), true, "the page was loaded anew");
}

#[test]
fn a_script_that_did_not_come_is_asked_for_again() {
    let lab = Lab::new();
    let page = lab.browser.open("about:blank", WIDE);
    page.block(&["*/assets/verdict.js"]);
    page.go(URL);
    page.wait_for_text("#link", |text| text == "Connecting …");
    page.block(&[]);
    page.wait_for_text("#link", |text| text == "Live");
}

#[test]
fn it_asks_no_other_host_and_has_no_errors() {
    let lab = Lab::new();
    let page = lab.page_on_air(WIDE);
    page.wait_for("document.querySelectorAll('#log li').length > 1");
    assert_eq!(page.errors(), [] as [serde_json::Value; 0]);
    let requests = page.requests();
    assert!(requests.iter().all(|url| url.starts_with(URL)), "{requests:?}");
    assert!(requests.iter().any(|url| url.ends_with("/api/v1/stream")), "{requests:?}");
}

#[test]
fn pictures_can_be_taken_of_it_wide_and_narrow() {
    let lab = Lab::new();
    let page = lab.page_on_air(WIDE);
    for (name, window) in [("wide.png", WIDE), ("narrow.png", NARROW)] {
        page.resize(window);
        let picture = media::folder().join(name);
        page.picture(&picture);
        assert!(media::grey_levels(&picture) > 20, "{name} is blank");
    }
}

#[test]
fn of_several_flows_one_is_chosen_by_its_link_and_by_the_address() {
    let path = Path::new();
    let flow = |name, output| Flow { name, input: "test:bars?bitrate=2M", output };
    let config = ConfigFile::new(&[flow("one", "239.1.1.1:5000"), flow("two", "239.1.1.2:5000")]);
    let _flowclient = Flowclient::start(&path.relay, &["--config", config.argument()]);
    let browser = Browser::start(&path.relay);
    let page = browser.open(URL, WIDE);
    page.wait_for_text("#summary", |text| text == "2 of 2 flows on air");
    assert_eq!(page.text("#name"), "one");
    page.value("document.querySelectorAll('nav a')[1].focus()");
    page.press_enter();
    page.wait_for_text("#name", |text| text == "two");
    assert_eq!(page.text("nav a[aria-current=true] b"), "two");
    page.go("about:blank");
    page.go(&format!("{URL}#flow=two"));
    page.wait_for_text("#name", |text| text == "two");
}
