//! The threads that relay, as the kernel sees them.

use std::fs;
use std::num::NonZero;
use std::thread;

use tests::config::{ConfigFile, Flow, text};
use tests::lab::{Flowclient, NetNs};

const FLOW: Flow<'_> = Flow { name: "a", input: "test:", output: "239.1.1.7:5000?iface=lo" };

/// The value of `field` in each of the process's threads that relay, by their number.
fn of_relaying_threads(pid: u32, field: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let statuses = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    let named = statuses.filter_map(|status| {
        let name = value(&status, "Name").filter(|name| name.starts_with("relay-"))?.to_owned();
        Some((name, value(&status, field)?.to_owned()))
    });
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    named.into_iter().map(|(_, value)| value).collect()
}

fn value<'a>(status: &'a str, field: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).map(str::trim)
}

fn cores_of_process(pid: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    value(&status, "Cpus_allowed_list").unwrap().to_owned()
}

/// The cores that each relaying thread may run on, and those that the process's first one may.
fn cores(config: &ConfigFile, arguments: &[&str]) -> (Vec<String>, String) {
    let namespace = NetNs::new("threads");
    let flowclient = Flowclient::start(&namespace, &[&["--config", config.argument()], arguments].concat());
    let pid = flowclient.pid();
    (of_relaying_threads(pid, "Cpus_allowed_list"), cores_of_process(pid))
}

fn assert_each_has_its_own(threads: &[String]) {
    let is_one = |cores: &String| cores.parse::<u32>().is_ok();
    assert!(threads.iter().all(is_one), "{threads:?}");
    assert!(threads.windows(2).all(|pair| pair[0] != pair[1]), "{threads:?}");
}

#[test]
fn flows_are_shared_evenly_among_the_threads() {
    let outputs = [7, 8, 9, 10].map(|number| format!("239.1.1.{number}:5000?iface=lo"));
    let flows: Vec<_> = outputs.iter().map(|output| Flow { name: output, output, ..FLOW }).collect();
    let (namespace, config) = (NetNs::new("threads"), ConfigFile::new(&flows));
    let flowclient = Flowclient::start(&namespace, &["--config", config.argument(), "--threads", "2"]);
    let metrics = flowclient.metrics();
    for thread in ["0", "1"] {
        assert_eq!(metrics.sum("flowclient_thread_flows", &[("thread", thread)]) as u32, 2);
    }
}

#[test]
fn pinned_threads_stay_on_a_core_each_and_the_others_go_where_they_like() {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    let (threads, process) = cores(&ConfigFile::new(&[FLOW]), &["--pin"]);
    assert_eq!(threads.len(), count);
    assert_each_has_its_own(&threads);
    assert_eq!(process, cores_of_process(std::process::id()));
}

#[test]
fn a_file_can_ask_for_pinned_threads() {
    let config = ConfigFile::new(&[]);
    config.write(&format!("threads = 1\npin = true\n{}", text(&[FLOW])));
    let (threads, _) = cores(&config, &[]);
    assert_eq!(threads.len(), 1);
    assert_each_has_its_own(&threads);
}

#[test]
fn threads_that_are_not_pinned_go_where_the_process_may() {
    let (threads, process) = cores(&ConfigFile::new(&[FLOW]), &["--threads", "3"]);
    assert_eq!(threads, [process.as_str(); 3]);
}

/// Parts of the process's memory that the kernel was asked to have in huge pages.
fn parts_in_huge_pages(arguments: &[&str]) -> usize {
    let (namespace, config) = (NetNs::new("threads"), ConfigFile::new(&[FLOW]));
    let flowclient =
        Flowclient::start(&namespace, &[&["--config", config.argument(), "--threads", "2"], arguments].concat());
    let maps = fs::read_to_string(format!("/proc/{}/smaps", flowclient.pid())).unwrap();
    let is_advised = |line: &&str| line.starts_with("VmFlags:") && line.split(' ').any(|flag| flag == "hg");
    maps.lines().filter(is_advised).count()
}

#[test]
fn memory_is_in_huge_pages_when_asked_for() {
    assert_eq!([parts_in_huge_pages(&[]), parts_in_huge_pages(&["--huge-pages"])], [0, 2]);
}
