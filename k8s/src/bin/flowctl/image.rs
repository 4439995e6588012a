//! `flowctl image …`.

mod local;
mod published;
mod signed;

use crate::args::ImageCommand;

/// Does what is asked.
pub(crate) async fn run(command: ImageCommand) -> anyhow::Result<()> {
    match command {
        ImageCommand::Build(args) => local::build(&args),
        ImageCommand::Tree(args) => local::tree(&args),
        ImageCommand::Load(args) => local::load(&args),
        ImageCommand::Save(args) => published::save(&args).await,
        ImageCommand::Push(args) => published::push(&args).await,
        ImageCommand::List(args) => published::list(&args).await,
        ImageCommand::Show(args) => published::show(&args).await,
        ImageCommand::Prune(args) => published::prune(&args).await,
        ImageCommand::Key(args) => signed::key(&args),
        ImageCommand::Sign(args) => signed::sign(&args).await,
        ImageCommand::Verify(args) => signed::verify(&args).await,
    }
}
