//! Builds the static program so that the same commit gives the same bytes, whatever the folder it is built in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use cargo_metadata::Message;
use thiserror::Error;

use super::component::Component;
use super::elf::{self, Architecture, ElfError};
use super::source::Source;

/// The cargo profile of the program in the image.
const PROFILE: &str = "image";
/// Variables of the caller's that would change the program.
const MEDDLING: [&str; 4] = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"];
const MEDDLING_STARTS: [&str; 2] = ["CARGO_PROFILE_", "CARGO_TARGET_"];

/// What is built.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// What it runs on.
    pub architecture: Architecture,
    /// The Rust target, `x86_64-unknown-linux-gnu` for one.
    pub target: String,
    /// `rustc --version`: another compiler makes another program.
    pub compiler: String,
    /// The C library that is linked in, `Debian GLIBC 2.36-9+deb12u14` for one.
    pub c_library: String,
}

/// Why there is no program.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum CompileError {
    #[error("{program}: cannot be started: {error}; install Rust (https://rustup.rs)")]
    NoTool { program: String, error: io::Error },
    #[error("{command} failed: {said}")]
    Tool { command: String, said: String },
    #[error("Rust's standard library for {target} is not installed; get it with: rustup target add {target}")]
    NoTarget { target: String },
    #[error("cargo could not build {0} for {1}: its messages are above")]
    Failed(Component, String),
    #[error("cargo said nothing of a program {0} for {1}")]
    NoProgram(Component, String),
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Unfit { path: PathBuf, error: ElfError },
}

/// The target that an image is for unless another is named: this machine's processor, and glibc as an archive.
///
/// musl would not do: its `sendmmsg` makes one system call a datagram on 64-bit machines.
pub fn default_target() -> String {
    format!("{}-unknown-linux-gnu", env::consts::ARCH)
}

/// Builds the program for `target`; cargo's progress goes to standard error.
///
/// # Errors
/// Missing tools, a target that is not installed, code that does not build, or a program that is not static.
pub fn compile(source: &Source, target: &str) -> Result<Program, CompileError> {
    let rust = Rust::look(&source.root)?;
    rust.must_have(target)?;
    let path = run_cargo(source, target, &rust)?;
    let bytes = fs::read(&path).map_err(|error| CompileError::Unreadable { path: path.clone(), error })?;
    let architecture = elf::static_program(&bytes).map_err(|error| CompileError::Unfit { path, error })?;
    Ok(Program { bytes, architecture, target: target.to_owned(), compiler: rust.version, c_library: c_library() })
}

/// The installed compiler.
struct Rust {
    version: String,
    commit: String,
    sysroot: PathBuf,
}

impl Rust {
    fn look(folder: &Path) -> Result<Self, CompileError> {
        let verbose = rustc(folder, &["--version", "--verbose"])?;
        let commit = verbose.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        Ok(Self {
            version: verbose.lines().next().unwrap_or_default().to_owned(),
            commit: commit.to_owned(),
            sysroot: PathBuf::from(rustc(folder, &["--print", "sysroot"])?),
        })
    }

    fn must_have(&self, target: &str) -> Result<(), CompileError> {
        if self.sysroot.join("lib/rustlib").join(target).join("lib").is_dir() {
            return Ok(());
        }
        Err(CompileError::NoTarget { target: target.to_owned() })
    }
}

fn rustc(folder: &Path, arguments: &[&str]) -> Result<String, CompileError> {
    let output = Command::new("rustc").current_dir(folder).args(arguments).output();
    let output = output.map_err(|error| CompileError::NoTool { program: "rustc".to_owned(), error })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(CompileError::Tool { command: format!("rustc {}", arguments.join(" ")), said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The C library whose archive the linker takes. `ldd` comes with it, and says what the distribution calls it.
fn c_library() -> String {
    let output = Command::new("ldd").arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let name = said.lines().next().and_then(|line| line.split_once('(')?.1.split_once(')'));
    name.map_or_else(|| "unknown".to_owned(), |(name, _)| name.to_owned())
}

/// Runs cargo; the path of the program.
fn run_cargo(source: &Source, target: &str, rust: &Rust) -> Result<PathBuf, CompileError> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&source.root).stdin(Stdio::null()).stdout(Stdio::piped());
    let (component, profile) = (source.component, ["--profile", PROFILE, "--target", target]);
    cargo.args(["build", "--locked", "--package", component.package(), "--bin", component.program()]).args(profile);
    cargo.arg("--target-dir").arg(source.target.join("image"));
    cargo.arg("--message-format=json-render-diagnostics");
    for (name, _) in env::vars_os().filter(|(name, _)| is_meddling(name)) {
        cargo.env_remove(name);
    }
    cargo.env("CARGO_INCREMENTAL", "0").env("SOURCE_DATE_EPOCH", source.committed.to_string());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(source, rust));
    let no_tool = |error| CompileError::NoTool { program: "cargo".to_owned(), error };
    let output = cargo.stderr(Stdio::inherit()).spawn().and_then(|child| child.wait_with_output()).map_err(no_tool)?;
    if !output.status.success() {
        return Err(CompileError::Failed(component, target.to_owned()));
    }
    executable(&output.stdout, component).ok_or_else(|| CompileError::NoProgram(component, target.to_owned()))
}

fn is_meddling(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    MEDDLING.contains(&&*name) || MEDDLING_STARTS.iter().any(|start| name.starts_with(start))
}

/// Flags of rustc, as cargo wants them: static, and no path of this machine in the program.
fn flags(source: &Source, rust: &Rust) -> OsString {
    let mut flags = OsString::from("-Ctarget-feature=+crt-static");
    let homes = [
        (source.root.clone(), "/flowclient".to_owned()),
        (source.target.clone(), "/flowclient/target".to_owned()),
        (cargo_home(), "/cargo".to_owned()),
        (rust.sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{}", rust.commit)),
    ];
    for (path, name) in homes {
        flags.push("\x1f--remap-path-prefix=");
        flags.push(path);
        flags.push(format!("={name}"));
    }
    flags
}

fn cargo_home() -> PathBuf {
    let named = env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default()
}

/// The program among cargo's messages.
fn executable(messages: &[u8], component: Component) -> Option<PathBuf> {
    Message::parse_stream(messages).flatten().find_map(|message| match message {
        Message::CompilerArtifact(artifact) if artifact.target.name == component.program() => {
            artifact.executable.map(Into::into)
        }
        _ => None,
    })
}
