//! How long the process' control groups were kept from running by their CPU quota (cgroups(7)), version 1 or 2.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::read;

/// The files that tell: of the process' own group, and of those above it as far as they can be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cgroup {
    membership: String,
    stats: Vec<PathBuf>,
}

impl Cgroup {
    /// Looks where the process is now; it may be moved while it runs.
    pub(crate) fn follow(&mut self) {
        let membership = read("/proc/self/cgroup");
        if membership != self.membership {
            let mounts = read("/proc/self/mountinfo");
            let hierarchies = mounts.lines().filter_map(Hierarchy::of_mount);
            let levels = hierarchies.filter_map(|hierarchy| hierarchy.levels(&membership)).flatten();
            self.stats = levels.map(|folder| folder.join("cpu.stat")).filter(|file| tells(file)).collect();
            self.membership = membership;
        }
    }

    /// Time throttled, all these groups and their CPUs together; `None` when no group has a quota or can be seen.
    pub(crate) fn throttled(&self) -> Option<Duration> {
        let found: Vec<_> = self.stats.iter().filter_map(|file| throttled(&fs::read_to_string(file).ok()?)).collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }

    /// The tightest quota of the process' own group and those above it.
    pub(crate) fn quota(&self) -> Option<Quota> {
        let quotas = self.stats.iter().filter_map(|file| Quota::of_group(file.parent()?));
        quotas.min_by(|one, other| one.cpus.total_cmp(&other.cpus))
    }
}

/// How much of its CPUs a group may use.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quota {
    /// CPUs: 0.5 is half of one.
    pub(crate) cpus: f64,
    /// The period that it is given in: once it is used up, the group stands still for the rest.
    pub(crate) period: Duration,
    /// The file that says so, and what to write there to be rid of it.
    pub(crate) lifted_by: (PathBuf, &'static str),
}

impl Quota {
    /// The quota of the group that has this folder.
    fn of_group(folder: &Path) -> Option<Self> {
        let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<i64>().ok();
        let v2 = || Self::of_text(&fs::read_to_string(folder.join("cpu.max")).ok()?);
        let v1 = || Some((number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?));
        let (file, unlimited) =
            if folder.join("cpu.max").exists() { ("cpu.max", "max") } else { ("cpu.cfs_quota_us", "-1") };
        let (quota, period) = v2().or_else(v1).filter(|(quota, period)| *quota > 0 && *period > 0)?;
        let period_micros = u64::try_from(period).ok()?;
        Some(Self {
            cpus: quota as f64 / period as f64,
            period: Duration::from_micros(period_micros),
            lifted_by: (folder.join(file), unlimited),
        })
    }

    /// Quota and period in microseconds, of version 2; none where it says `max`.
    fn of_text(text: &str) -> Option<(i64, i64)> {
        let (quota, period) = text.trim().split_once(' ')?;
        Some((quota.parse().ok()?, period.parse().ok()?))
    }
}

fn tells(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| throttled(&text).is_some())
}

/// A mounted hierarchy that has the CPU controller.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hierarchy {
    version: u8,
    /// The group that is seen at the mount point.
    root: PathBuf,
    mount_point: PathBuf,
}

impl Hierarchy {
    /// Reads a line of mountinfo (proc_pid_mountinfo(5)); version 2 has the CPU controller or else no numbers.
    fn of_mount(line: &str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let (mut place, mut kind) = (place.split(' ').skip(3), kind.split(' '));
        let (root, mount_point) = (place.next()?.into(), place.next()?.into());
        let version = match kind.next()? {
            "cgroup2" => 2,
            "cgroup" if kind.nth(1)?.split(',').any(|option| option == "cpu") => 1,
            _ => return None,
        };
        Some(Self { version, root, mount_point })
    }

    /// Folders of the process' group and of those above it, by /proc/self/cgroup.
    fn levels(&self, membership: &str) -> Option<Vec<PathBuf>> {
        let group = membership.lines().find_map(|line| self.group(line))?;
        // A group outside what is mounted is seen as the mount point itself.
        let inside = group.strip_prefix(&self.root).unwrap_or(Path::new(""));
        Some(inside.ancestors().map(|level| self.mount_point.join(level)).collect())
    }

    /// The group that a line `ID:CONTROLLERS:GROUP` names, if it is of this hierarchy.
    fn group<'a>(&self, line: &'a str) -> Option<&'a Path> {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?);
        let is_here = match self.version {
            1 => controllers.split(',').any(|controller| controller == "cpu"),
            _ => controllers.is_empty(),
        };
        is_here.then_some(Path::new(group))
    }
}

/// Version 1 counts `throttled_time` in nanoseconds, version 2 `throttled_usec` in microseconds.
fn throttled(stat: &str) -> Option<Duration> {
    stat.lines().find_map(|line| {
        let (name, value) = line.split_once(' ')?;
        match name {
            "throttled_time" => value.trim().parse().ok().map(Duration::from_nanos),
            "throttled_usec" => value.trim().parse().ok().map(Duration::from_micros),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const V1: &str = "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct";
    const V2: &str = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw";

    fn levels(mount: &str, membership: &str) -> Vec<String> {
        let levels = Hierarchy::of_mount(mount).and_then(|hierarchy| hierarchy.levels(membership));
        levels.into_iter().flatten().map(|path| path.display().to_string().trim_end_matches('/').to_owned()).collect()
    }

    #[test]
    fn a_group_of_version_2_is_looked_at_with_those_above_it() {
        let found = levels(V2, "0::/kubepods/pod7/flow\n");
        let wanted = ["/kubepods/pod7/flow", "/kubepods/pod7", "/kubepods", ""];
        assert_eq!(found, wanted.map(|group| format!("/sys/fs/cgroup{group}")));
    }

    #[test]
    fn a_container_sees_its_own_group_of_version_1_at_the_mount_point() {
        let seen = "/sys/fs/cgroup/cpu,cpuacct";
        assert_eq!(levels(V1, "4:memory:/x\n3:cpu,cpuacct:/docker/abc\n"), [seen]);
        assert_eq!(levels(V1, "3:cpu,cpuacct:/docker/abc/in\n"), [format!("{seen}/in"), seen.to_owned()]);
        assert_eq!(levels(V1, "3:cpu,cpuacct:/\n"), [seen]);
    }

    #[test]
    fn hierarchies_without_the_cpu_are_none() {
        assert_eq!(Hierarchy::of_mount("34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset"), None);
        assert_eq!(Hierarchy::of_mount("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755"), None);
    }

    #[test]
    fn both_versions_tell_the_time_throttled() {
        assert_eq!(throttled("nr_throttled 3\nthrottled_time 7000\n"), Some(Duration::from_micros(7)));
        assert_eq!(throttled("usage_usec 9\nthrottled_usec 7\n"), Some(Duration::from_micros(7)));
        assert_eq!(throttled("usage_usec 9\n"), None);
    }

    #[test]
    fn both_versions_tell_the_quota() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(Quota::of_group(folder.path()), None);
        write("cpu.cfs_period_us", "100000\n");
        write("cpu.cfs_quota_us", "-1\n");
        assert_eq!(Quota::of_group(folder.path()), None);
        write("cpu.cfs_quota_us", "50000\n");
        assert_eq!(Quota::of_group(folder.path()).unwrap().lifted_by.1, "-1");
        write("cpu.max", "max 100000\n");
        assert_eq!(Quota::of_group(folder.path()).unwrap().cpus, 0.5);
        write("cpu.max", "150000 100000\n");
        let quota = Quota::of_group(folder.path()).unwrap();
        assert_eq!((quota.cpus, quota.lifted_by.1), (1.5, "max"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-z0-9:/, -]{0,100}") {
            throttled(&text);
            levels(&text, &text);
        }
    }
}
