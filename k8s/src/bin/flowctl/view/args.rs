//! How flows are looked at, as typed.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use k8s::view::load_text::SortBy;

#[derive(Subcommand)]
pub(crate) enum ViewCommand {
    /// Tell how flows stand: who is on air, who could be, what went wrong. Ends with 0 if all is well, with 3 if a flow is at risk
    /// or changing, with 4 if one is off air or unknown
    Status(StatusArgs),
    /// Show what flows cost and do, again and again (q ends it)
    Top(TopArgs),
    /// Write the logs of a flow's instances, in the order of their times
    Logs(LogsArgs),
    /// Report on the stream of a flow, as an instance sees it: services, PIDs, TR 101 290, clocks
    Inspect(InspectArgs),
}

/// Which cluster, and what of it.
#[derive(Args)]
pub(crate) struct Place {
    /// Namespace [default: that of the context]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Context of the file of clusters ($KUBECONFIG, ~/.kube/config) [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}

#[derive(Args)]
pub(crate) struct StatusArgs {
    /// Flow to tell all of [default: a line for each]
    pub(crate) flow: Option<String>,
    /// Flows of all namespaces
    #[arg(long, short = 'A', conflicts_with_all = ["namespace", "flow"])]
    pub(crate) all_namespaces: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct TopArgs {
    /// Flows of all namespaces
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
    /// What comes first; on a terminal, the first letter changes it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sort: Sort,
    /// Time from look to look
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval)]
    pub(crate) every: Duration,
    /// Look twice, print JSON, and end
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Sort {
    #[default]
    Name,
    Bitrate,
    Cpu,
    Latency,
    Errors,
}

impl From<Sort> for SortBy {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Name => Self::Name,
            Sort::Bitrate => Self::Bitrate,
            Sort::Cpu => Self::Cpu,
            Sort::Latency => Self::Latency,
            Sort::Errors => Self::Errors,
        }
    }
}

#[derive(Args)]
pub(crate) struct LogsArgs {
    /// Flow
    pub(crate) flow: String,
    /// Go on with what is written from now on, of new instances too
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Of this pod only
    #[arg(long, value_name = "POD", conflicts_with = "on_air")]
    pub(crate) instance: Option<String>,
    /// Of the instance on air only
    #[arg(long)]
    pub(crate) on_air: bool,
    /// What was written in this time, as 10m or 2h [default: all that is kept]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) since: Option<Duration>,
    /// Of the containers that ran before those that run: why they ended
    #[arg(long, conflicts_with = "follow")]
    pub(crate) previous: bool,
    /// Print JSON, an object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// Flow
    pub(crate) flow: String,
    /// As this pod sees it [default: the one on air]
    #[arg(long, value_name = "POD")]
    pub(crate) instance: Option<String>,
    /// Print JSON, after the schema of flowclient inspect --json
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let range = Duration::from_millis(500)..=Duration::from_secs(3600);
    range.contains(&interval).then_some(interval).ok_or_else(|| "write a time from 500ms to 1h, as 2s".to_owned())
}
