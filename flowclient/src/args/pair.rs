//! Options for instances of one flow that stand by for each other, or send a leg each.

use std::path::PathBuf;

use clap::ValueHint;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use humantime::Duration;
use relay::spec::{Bitrate, DEFAULT_PAIR_MOST_PATIENCE, DEFAULT_PAIR_PATIENCE, FlowEntry, Pair};

/// Other instances of the flow; with a file of flows, all this is in the file.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Other instances of the flow")]
pub(crate) struct PairArgs {
    /// Stand by for other instances of this flow, and they for this one: one of them is on air. With `active-active`, all
    /// are, each on an output of its own, for receivers that merge (ST 2022-7)
    #[arg(id = "pair", long = "pair", value_name = "PAIRING", conflicts_with = "config", value_parser = pairing())]
    #[arg(default_value_t, num_args = 0..=1, default_missing_value = Pair::Standby.as_str())]
    pair: Pair,
    /// With `--pair active-active`: which of the outputs this instance sends, the first being 1
    #[arg(long = "pair-leg", value_name = "NUMBER", requires = "pair")]
    leg: Option<u16>,
    /// Of two instances whose input is as good, the one of higher rank goes on air first
    #[arg(long = "pair-rank", value_name = "RANK", requires = "pair", default_value_t = 0)]
    rank: u16,
    /// File with the secret that all instances share, so that nobody else can talk them off the air
    #[arg(long = "pair-key-file", value_name = "FILE", value_hint = ValueHint::FilePath, requires = "pair")]
    key_file: Option<PathBuf>,
    /// How long the air is silent at least before a standby takes it
    #[arg(long = "pair-patience", value_name = "DURATION", requires = "pair")]
    #[arg(default_value_t = DEFAULT_PAIR_PATIENCE.into())]
    patience: Duration,
    /// How long the air is silent at most before a standby takes it
    #[arg(long = "pair-most-patience", value_name = "DURATION", requires = "pair")]
    #[arg(default_value_t = DEFAULT_PAIR_MOST_PATIENCE.into())]
    most_patience: Duration,
    /// An input of less than this is bad, and an instance whose input is good goes on air instead
    #[arg(long = "pair-least-bitrate", value_name = "BITRATE", requires = "pair")]
    least_bitrate: Option<Bitrate>,
}

fn pairing() -> impl TypedValueParser<Value = Pair> {
    PossibleValuesParser::new(Pair::ALL.map(Pair::as_str)).try_map(|text| text.parse::<Pair>())
}

impl PairArgs {
    /// `entry` with these settings.
    pub(crate) fn apply(&self, entry: FlowEntry) -> FlowEntry {
        FlowEntry {
            pair: self.pair,
            pair_leg: self.leg,
            pair_rank: self.rank,
            pair_key_file: self.key_file.clone(),
            pair_patience: self.patience.into(),
            pair_most_patience: self.most_patience.into(),
            pair_least_bitrate: self.least_bitrate,
            ..entry
        }
    }
}
