//! The command line as typed.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use k8s::image::{Component, Reference};

use crate::view::args::ViewCommand;

/// Brings flowclient to a cluster.
#[derive(Parser)]
#[command(version, about, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make the container image, and put it where nodes pull from
    Image {
        #[command(subcommand)]
        command: ImageCommand,
    },
    #[command(flatten)]
    View(ViewCommand),
    /// Bring a version to flows, each of which keeps it only when it proves itself
    Rollout(RolloutArgs),
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct RolloutArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RolloutCommand>,
    /// Tag of flowclient's image, or its digest as sha256:...
    #[arg(value_name = "VERSION", required = true)]
    pub(crate) version: Option<String>,
    /// A flow; as often as need be
    #[arg(long = "flow", value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) flows: Vec<String>,
    /// All flows of the namespace
    #[arg(long)]
    pub(crate) all: bool,
    /// How many flows go first; the others begin when these have it
    #[arg(long, value_name = "N")]
    pub(crate) canary: Option<u16>,
    /// How many flows change at the same time [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) at_a_time: Option<u16>,
    /// Take the version from whoever else has written it, a Git repository for example
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not wait for the end
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum RolloutCommand {
    /// Tell how far a rollout is
    Status(WhichRollout),
    /// Begin no other flow; those under way go on
    Pause(WhichRollout),
    /// Go on after a pause
    Resume(WhichRollout),
    /// Begin no other flow, and put back those that are under way or have failed
    Abort(WhichRollout),
    /// Put back all flows to what they had before
    Undo(WhichRollout),
    /// List the rollouts of the namespace, the newest first
    History(Place),
}

#[derive(Args)]
pub(crate) struct WhichRollout {
    /// Name of the rollout [default: the newest]
    #[arg(value_name = "ROLLOUT")]
    pub(crate) name: Option<String>,
    /// Wait until nothing is left to do
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Where in the cluster, and how to print.
#[derive(Args)]
pub(crate) struct Place {
    /// Namespace of the flows [default: that of the kubeconfig]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum ImageCommand {
    /// Make the image of the checkout: no daemon, the same digest from the same commit
    Build(BuildArgs),
    /// Write the files of the image into a folder (dockerfiles/flowclient.Dockerfile does)
    Tree(TreeArgs),
    /// Put an image made here into a registry
    Push(PushArgs),
    /// List the images made here, or those in a repository
    List(ListArgs),
    /// Tell all of an image
    Show(ShowArgs),
    /// Make a key to sign with
    Key(KeyArgs),
    /// Sign an image in a registry
    Sign(SignArgs),
    /// Refuse an image in a registry that is not signed by a key, was altered, or is for another processor
    Verify(VerifyArgs),
    /// Delete old versions from a registry
    Prune(PruneArgs),
    /// Write an image to a file, which `ctr images import` and skopeo read
    Save(SaveArgs),
    /// Take the images of a file among those made here
    Load(LoadArgs),
}

/// Where the checkout is, and where images are kept.
#[derive(Args)]
pub(crate) struct Local {
    /// Folder of the checkout
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(crate) source: PathBuf,
    /// The program whose image it is
    #[arg(long, value_name = "PROGRAM", default_value_t, value_parser = component())]
    pub(crate) program: Component,
    /// Folder where images are kept, an OCI layout [default: image/PROGRAM in cargo's target folder]
    #[arg(long, value_name = "FOLDER", env = "FLOWCTL_LAYOUT")]
    pub(crate) layout: Option<PathBuf>,
}

fn component() -> impl TypedValueParser<Value = Component> {
    let names = Component::ALL.map(Component::program);
    let named = |name: &str| Component::ALL.into_iter().find(|component| component.program() == name);
    PossibleValuesParser::new(names).map(move |name| named(&name).unwrap_or_default())
}

/// How to speak with a registry.
#[derive(Args)]
pub(crate) struct Remote {
    /// Certificate of the authority that signed the registry's, in PEM [default: ca.crt in /etc/docker/certs.d/REGISTRY]
    #[arg(long, value_name = "FILE", env = "FLOWCTL_CA")]
    pub(crate) ca: Option<PathBuf>,
    /// Name to log in with; the password comes by --password-stdin
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(crate) username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
    /// File of logins, as docker login writes it [default: $REGISTRY_AUTH_FILE, ~/.docker/config.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) local: Local,
    /// Rust target [default: this machine's processor, linux-gnu]
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Build with changes that are in no commit; the version says so
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct TreeArgs {
    /// Folder to write to; must be empty or not there
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) local: Local,
    /// Rust target [default: this machine's processor, linux-gnu]
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Build with changes that are in no commit; the version says so
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct PushArgs {
    /// Where to: REGISTRY/REPOSITORY or REGISTRY/REPOSITORY:TAG; the tag is the version unless another is said
    pub(crate) target: Reference,
    /// Which of the images made here [default: the last one]
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    #[command(flatten)]
    pub(crate) local: Local,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    /// REGISTRY/REPOSITORY; without one, the images made here are listed
    pub(crate) repository: Option<Reference>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) local: Local,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// A version made here, or REGISTRY/REPOSITORY:TAG
    pub(crate) image: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) local: Local,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct KeyArgs {
    /// File for the private key; the public key goes beside it, with .pub added to the name
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    /// REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST
    pub(crate) image: Reference,
    /// Private key: ECDSA P-256 in PEM (PKCS #8)
    #[arg(long, value_name = "FILE", env = "FLOWCTL_KEY")]
    pub(crate) key: PathBuf,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST
    pub(crate) image: Reference,
    /// Public key in PEM; one of several is enough
    #[arg(long, value_name = "FILE", required = true, env = "FLOWCTL_PUBLIC_KEY")]
    pub(crate) key: Vec<PathBuf>,
    /// Platform that it must be for, such as linux/amd64
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct PruneArgs {
    /// REGISTRY/REPOSITORY
    pub(crate) repository: Reference,
    /// How many of the newest versions stay
    #[arg(long, value_name = "N")]
    pub(crate) keep: usize,
    /// A version or digest that stays, however old; as often as need be
    #[arg(long, value_name = "VERSION|DIGEST")]
    pub(crate) in_use: Vec<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct SaveArgs {
    /// A version made here, or REGISTRY/REPOSITORY:TAG
    pub(crate) image: String,
    /// File to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) local: Local,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Args)]
pub(crate) struct LoadArgs {
    /// File to read, as flowctl image save, skopeo or buildah write it (oci-archive)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) local: Local,
}
