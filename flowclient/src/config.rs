//! What the command line means, together with the files that it names.

use std::fmt;
use std::fs;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::Path;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use relay::drive::Threads;
use relay::spec::{Engine, EntryError, FlowEntry, FlowSpec, UrlError, validate};
use serde::Deserialize;

use crate::args::{Args, CatalogArgs, LogForm, ProcessArgs};
use crate::catalog::Catalog;
use crate::error::ConfigError;
use crate::stamp::StampedFile;

/// What to run, and how: everything decided.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The flows, valid together.
    pub(crate) flows: Vec<FlowSpec>,
    /// Where to serve HTTP, if anywhere.
    pub(crate) listen: Option<SocketAddr>,
    /// How long to run; for ever if none.
    pub(crate) run_for: Option<Duration>,
    /// Threads that move datagrams.
    pub(crate) threads: Threads,
    /// How datagrams get here.
    pub(crate) engine: Engine,
    /// Form of the log.
    pub(crate) log_format: LogFormat,
    /// Whether to log warnings and errors only.
    pub(crate) quiet: bool,
    /// Files that make this another configuration when they change, as they were before they were read.
    pub(crate) watched_files: Vec<StampedFile>,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FlowsFile {
    threads: Option<NonZero<u16>>,
    pin: bool,
    huge_pages: bool,
    #[serde(rename = "flow")]
    flows: Vec<FlowEntry>,
}

impl Config {
    /// Resolves the command line, reading the files that it needs; called again, it reads them again.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong.
    pub(crate) fn load(args: &Args) -> anyhow::Result<Self> {
        let file = args.from.config.as_deref();
        let stamped = file.map(|path| StampedFile::now(path.to_owned()));
        let wanted = match file {
            Some(path) => read_file(path)?,
            None => FlowsFile { flows: vec![entry_of_command_line(args)?], ..FlowsFile::default() },
        };
        let process = &args.process;
        let threads = threads(&wanted, process, file.is_some());
        let catalog = catalog_for(&wanted.flows, &args.catalog)?;
        let flows = resolve(wanted.flows, catalog.as_ref(), file)?;
        let from_catalog = catalog.iter().flat_map(Catalog::watched_files);
        Ok(Self {
            flows,
            listen: process.listen.0,
            run_for: process.run_for,
            threads,
            engine: process.engine,
            log_format: log_format(process.log_format),
            quiet: process.quiet,
            watched_files: stamped.into_iter().chain(from_catalog.cloned()).collect(),
        })
    }
}

fn entry_of_command_line(args: &Args) -> Result<FlowEntry, ConfigError> {
    let mut problems = Vec::new();
    let source = args.from.input.as_deref().and_then(|text| read_url("--in", text, &mut problems));
    let outputs = args.flow.outputs.iter().filter_map(|text| read_url("--out", text, &mut problems)).collect();
    ConfigError::unless_empty(problems)?;
    let entry = FlowEntry {
        name: args.flow.name.clone(),
        handler: args.from.handler.clone(),
        source,
        pace: args.flow.pace,
        inspect: args.flow.inspect,
        packets_per_datagram: args.flow.packets_per_datagram,
        record: args.record.record(),
        ..FlowEntry::new(outputs)
    };
    Ok(args.pair.apply(entry))
}

/// Reads the URL of an option; what is wrong with it goes to `problems`.
fn read_url<T: FromStr<Err = UrlError>>(option: &str, text: &str, problems: &mut Vec<String>) -> Option<T> {
    text.parse().map_err(|error| problems.push(format!("{option} {error}"))).ok()
}

fn read_file(path: &Path) -> Result<FlowsFile, ConfigError> {
    let wrong = |error: &dyn fmt::Display| ConfigError::new(in_file(Some(path), error));
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let file: FlowsFile = toml::from_str(&text).map_err(|error| wrong(&error.to_string().trim_end()))?;
    if file.flows.is_empty() {
        return Err(wrong(&"there is no flow in it; write [[flow]] with handler or in, and out"));
    }
    Ok(file)
}

/// The catalog, if any flow comes from it: a wrong one does not hinder the others.
fn catalog_for(entries: &[FlowEntry], args: &CatalogArgs) -> Result<Option<Catalog>, ConfigError> {
    entries.iter().any(|entry| entry.handler.is_some()).then(|| Catalog::load(args)).transpose()
}

fn resolve(
    entries: Vec<FlowEntry>,
    catalog: Option<&Catalog>,
    file: Option<&Path>,
) -> Result<Vec<FlowSpec>, ConfigError> {
    let look_up =
        |handler: &str| catalog.map_or_else(|| Err(format!("{handler:?}")), |catalog| catalog.source(handler));
    let (mut flows, mut problems) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.resolve(look_up) {
            Ok(flow) => flows.push(flow),
            Err(EntryError::Handler(problem)) if file.is_none() => problems.push(format!("--handler {problem}")),
            Err(EntryError::Handler(problem)) => problems.push(in_file(file, &format_args!("handler {problem}"))),
            Err(error) => problems.push(in_file(file, &error)),
        }
    }
    let together = validate(&flows).err().unwrap_or_default();
    problems.extend(together.iter().map(|error| in_file(file, error)));
    ConfigError::unless_empty(problems).map(|()| flows)
}

/// A problem, after the file that it is in.
fn in_file(file: Option<&Path>, problem: &dyn fmt::Display) -> String {
    file.map_or_else(|| problem.to_string(), |file| format!("{}: {problem}", file.display()))
}

/// The command line goes before the file.
fn threads(file: &FlowsFile, process: &ProcessArgs, many_flows: bool) -> Threads {
    let of_file = file.threads.map(|count| usize::from(count.get()));
    let count = process.threads.or(of_file).unwrap_or_else(|| default_threads(many_flows));
    Threads { count, pinned: process.pin || file.pin, huge_pages: process.huge_pages || file.huge_pages }
}

/// One flow needs one thread; of many, a core each is the most that helps.
fn default_threads(many_flows: bool) -> usize {
    if many_flows { thread::available_parallelism().map_or(1, NonZero::get) } else { 1 }
}

fn log_format(form: LogForm) -> LogFormat {
    match form {
        LogForm::Text => LogFormat::Human,
        LogForm::Json => LogFormat::Json,
        LogForm::Auto if io::stderr().is_terminal() => LogFormat::Human,
        LogForm::Auto => LogFormat::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;
    use proptest::prelude::*;
    use relay::spec::{Bitrate, LegNumber, PairSpec};
    use tempfile::TempDir;

    /// The configuration of a command line, or all that is wrong with it.
    fn load(words: &[&str]) -> Result<Config, String> {
        let words = ["flowclient", "check"].iter().chain(words);
        let Some(Command::Check(args)) = Cli::parse_from(words).command else { panic!("not a check") };
        Config::load(&args).map_err(|error| error.to_string())
    }

    struct Files(TempDir);

    impl Files {
        fn new(flows: &str, catalog: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("flows.toml"), flows).unwrap();
            fs::write(folder.path().join("catalog.toml"), catalog).unwrap();
            Self(folder)
        }

        fn load(&self) -> Result<Config, String> {
            let path = |name: &str| self.0.path().join(name).to_str().unwrap().to_owned();
            load(&["--config", &path("flows.toml"), "--catalog", &path("catalog.toml")])
        }
    }

    #[test]
    fn a_source_and_an_output_are_a_flow() {
        let config = load(&["--in", "test:", "--out", "239.1.1.7:5000", "--name", "a", "--pace", "pcr"]).unwrap();
        assert_eq!((config.flows.len(), config.threads.count, config.watched_files.len()), (1, 1, 0));
        assert_eq!((config.flows[0].name.as_str(), config.flows[0].pace), ("a", relay::spec::Pace::Pcr));
    }

    #[test]
    fn a_pair_is_asked_for_by_one_word_and_set_by_more() {
        let pair = |words: &[&str]| {
            let flow = ["--in", "test:", "--out", "239.1.1.7:5000"];
            load(&[&flow, words].concat()).unwrap().flows[0].pair.clone()
        };
        assert_eq!(pair(&[]), None);
        assert_eq!(pair(&["--pair", "off"]), None);
        assert_eq!(pair(&["--pair"]), Some(PairSpec::default()));
        assert_eq!(pair(&["--pair", "standby"]), Some(PairSpec::default()));
        let words = "--pair --pair-rank 9 --pair-key-file k --pair-patience 20ms --pair-most-patience 1s";
        let words: Vec<_> = words.split(' ').chain(["--pair-least-bitrate", "8M"]).collect();
        let wanted = PairSpec {
            rank: 9,
            key_file: Some("k".into()),
            patience: Duration::from_millis(20),
            most_patience: Duration::from_secs(1),
            least_bitrate: Bitrate::new(8_000_000),
        };
        assert_eq!(pair(&words), Some(wanted));
    }

    #[test]
    fn a_leg_is_asked_for_by_its_number() {
        let flow = ["--in", "test:", "--out", "rtp://239.1.1.7:5000", "--out", "rtp://239.1.2.7:5000"];
        let load = |words: &[&str]| load(&[&flow, words].concat());
        let second = &load(&["--pair", "active-active", "--pair-leg", "2"]).unwrap().flows[0];
        assert_eq!((second.leg, &second.pair), (Some(LegNumber(2)), &None));
        assert!(load(&["--pair", "active-active"]).unwrap_err().contains("say with pair_leg"));
        assert!(load(&["--pair", "active-active", "--pair-leg", "3"]).unwrap_err().contains("1 to 2"));
        assert!(load(&["--pair", "--pair-leg", "1"]).unwrap_err().contains("means nothing"));
    }

    #[test]
    fn all_wrong_urls_are_told_with_their_options() {
        let refusal = load(&["--in", "tes:", "--out", "239.1.1.7", "--out", "239.1.1.7:0"]).unwrap_err();
        let starts = [
            "--in \"tes:\": ",
            "--out \"239.1.1.7\": a port is missing; write 239.1.1.7:5000",
            "--out \"239.1.1.7:0\": ",
        ];
        assert!(starts.iter().all(|start| refusal.contains(start)), "{refusal}");
    }

    #[test]
    fn a_file_has_many_flows_and_is_watched_with_its_catalog() {
        let files = Files::new(
            "[[flow]]\nhandler = 'news'\nout = '239.1.1.1:5000'\n[[flow]]\nin = 'test:'\nout = ['239.1.1.2:5000']\n",
            "[handlers.news]\nsource = 'udp://239.9.9.9:5000'",
        );
        let config = files.load().unwrap();
        let sources: Vec<_> = config.flows.iter().map(|flow| flow.source.to_string()).collect();
        assert_eq!(sources, ["udp://239.9.9.9:5000", "test:clock?bitrate=8M"]);
        assert_eq!(
            config.watched_files,
            ["flows.toml", "catalog.toml"].map(|name| StampedFile::now(files.0.path().join(name)))
        );
    }

    #[test]
    fn threads_are_those_of_the_command_line_or_else_of_the_file() {
        let flow = "[[flow]]\nin = 'test:'\nout = '239.1.1.1:5000'";
        let threads = |head: &str, words: &[&str]| {
            let files = Files::new(&format!("{head}\n{flow}"), "");
            let path = files.0.path().join("flows.toml");
            load(&[&["--config", path.to_str().unwrap()], words].concat()).map(|config| config.threads)
        };
        let is = |count, pinned| Ok(Threads { count, pinned, huge_pages: false });
        assert_eq!(threads("threads = 3", &[]), is(3, false));
        assert_eq!(threads("threads = 3\npin = true", &["--threads", "2"]), is(2, true));
        assert_eq!(threads("threads = 3", &["--pin"]), is(3, true));
        assert!(
            threads("huge_pages = true", &[]).unwrap().huge_pages && threads("", &["--huge-pages"]).unwrap().huge_pages
        );
        assert!(threads("threads = 0", &[]).unwrap_err().contains("line 1"));
    }

    #[test]
    fn a_wrong_catalog_does_not_hinder_flows_that_do_without() {
        assert!(Files::new("[[flow]]\nin = 'test:'\nout = '239.1.1.1:5000'", "broken").load().is_ok());
        assert!(Files::new("[[flow]]\nhandler = 'a'\nout = '239.1.1.1:5000'", "broken").load().is_err());
    }

    #[test]
    fn all_that_is_wrong_with_the_flows_of_a_file_is_told() {
        let flow = |source: &str| format!("[[flow]]\n{source}\nout = '239.1.1.1:5000'\n");
        let flows = flow("in = 'test:'") + &flow("in = 'test:'") + &flow("handler = 'nwes'") + &flow("name = 'lost'");
        let refusal = Files::new(&flows, "[handlers.news]\nsource = 'test:'").load().unwrap_err();
        for words in ["flows.toml: handler \"nwes\"", "\"news\"", "\"lost\" comes from nowhere", "two flows are called"]
        {
            assert!(refusal.contains(words), "{words}: {refusal}");
        }
    }

    #[test]
    fn a_file_without_flows_is_refused() {
        assert!(Files::new("# nothing", "").load().unwrap_err().contains("write [[flow]]"));
        assert!(Files::new("flows = 1", "").load().unwrap_err().contains("line 1"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_configuration_or_an_error(text in "(\\[\\[flow\\]\\]\n(in|out|name|handler) = (['\"]\\PC{0,9}['\"]|[0-9]+)\n){0,2}\\PC{0,9}") {
            let _ = toml::from_str::<FlowsFile>(&text);
        }
    }
}
