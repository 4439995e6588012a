//! Stand-in for the configuration.
#![allow(missing_docs)]
use relay::spec::*;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Human,
    Json,
}
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) flows: Vec<FlowSpec>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) run_for: Option<Duration>,
    pub(crate) threads: usize,
    pub(crate) log_format: LogFormat,
    pub(crate) quiet: bool,
    pub(crate) watched_files: Vec<PathBuf>,
}
impl Config {
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        use anyhow::Context;
        let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        let mut flows = Vec::new();
        for line in text.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let [name, input, output] = words[..] else { anyhow::bail!("bad line {line}") };
            flows.push(FlowSpec::new(name, input.parse()?, vec![output.parse()?]));
        }
        let env = |name: &str| std::env::var(name).ok();
        Ok(Self {
            flows,
            listen: Some(env("LISTEN").unwrap_or("127.0.0.1:9090".into()).parse()?),
            run_for: env("FOR").map(|s| Duration::from_secs(s.parse().unwrap())),
            threads: 1,
            log_format: if crate::console::Console::is_terminal() { LogFormat::Human } else { LogFormat::Json },
            quiet: false,
            watched_files: vec![path.to_owned()],
        })
    }
}
