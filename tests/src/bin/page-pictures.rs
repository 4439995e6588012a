//! Takes the pictures of the page that the documents show: `page-pictures FOLDER [SECONDS]`. Needs root and Chromium.

use std::path::Path as FilePath;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use tests::browser::{Browser, Page, Scheme};
use tests::config::{ConfigFile, Flow};
use tests::lab::{Flowclient, Path, Process};
use tests::media;

const WIDE: [u32; 2] = [1_440, 900];
const NARROW: [u32; 2] = [400, 1_300];
/// What comes by cable: the name of each channel, its source, and the last byte of its groups.
const CHANNELS: [(&str, &str, u8); 3] = [
    ("ch7", "test:clock?bitrate=8M&label=CH+7&name=Channel+7", 7),
    ("news", "test:bars?bitrate=4M&label=NEWS&name=News", 8),
    ("sport", "test:bars?bitrate=6M&label=SPORT&name=Sport", 9),
];
/// How long to wait before: as long as the plots reach back.
const PAST: Duration = Duration::from_secs(300);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let past = arguments.next().and_then(|seconds| seconds.parse().ok()).map_or(PAST, Duration::from_secs);
    let path = Path::new();
    let mut channels: Vec<Process> = CHANNELS.iter().map(|channel| send(&path, channel)).collect();
    let config = configuration();
    let _flowclient = Flowclient::start(&path.relay, &["--config", config.argument()]);
    let browser = Browser::start(&path.relay);
    let page = browser.open("http://127.0.0.1:9090/#flow=ch7", WIDE);
    sleep(past);
    page.wait_for("[...document.querySelectorAll('nav li')].every((one) => one.dataset.level === 'good')");
    let save = |what: &str| in_both_schemes(&page, FilePath::new(&folder), what);
    save("healthy-wide");
    drop(channels.remove(0));
    page.wait_for_text("#reasons", |text| text.contains("1.6 PID error"));
    save("alarmed-wide");
    page.resize(NARROW);
    save("alarmed-narrow");
}

fn in_both_schemes(page: &Page<'_>, folder: &FilePath, what: &str) {
    for (scheme, name) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
        page.prefer(scheme);
        let (raw, file) = (media::folder().join("page.png"), folder.join(format!("page-{what}-{name}.png")));
        page.picture(&raw);
        shrink(&raw, &file);
    }
}

/// Writes a picture anew with 256 colours, which are enough for a page and take half the room.
fn shrink(from: &FilePath, to: &FilePath) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-i"]).arg(from);
    ffmpeg.args(["-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none"]);
    Process::run(ffmpeg.args(["-compression_level", "9", "-pred", "none"]).arg(to)).expect_success();
}

fn send(path: &Path, (_, source, group): &(&str, &str, u8)) -> Process {
    let out = format!("rtp://239.9.9.{group}:5000?iface=eth0");
    Process::start(&mut Flowclient::command(&path.source, &["--in", source, "--out", &out, "--listen", "off"]))
}

fn configuration() -> ConfigFile {
    let urls = CHANNELS.map(|(name, _, group)| {
        (name, format!("rtp://239.9.9.{group}:5000?iface=in0"), format!("rtp://239.1.1.{group}:5000?iface=out0"))
    });
    let flows: Vec<_> = urls.iter().map(|(name, input, output)| Flow { name, input, output }).collect();
    ConfigFile::new(&flows)
}
