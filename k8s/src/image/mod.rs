//! Container images of flowclient and its operator: made in this process, without a daemon, the same bytes from the same commit.
//!
//! A [`component`] is what there is an image of, [`source`] says which commit it is, [`compile`] builds the program, [`sbom`] lists what is in it, [`tree`] is the files,
//! [`layer`] packs them and [`build`] puts a configuration and a manifest on top ([`document`]). A [`layout`] keeps images
//! on disk, an [`archive`] carries one elsewhere. Images are named by [`version`], [`mod@reference`] and [`digest`].

pub mod archive;
pub mod build;
pub mod compile;
pub mod component;
pub mod digest;
pub mod document;
pub mod elf;
mod git;
pub mod layer;
pub mod layout;
pub mod package;
pub mod reference;
pub mod sbom;
pub mod source;
pub mod tree;
pub mod version;

pub use component::Component;
pub use digest::Digest;
pub use layout::Layout;
pub use package::Image;
pub use reference::Reference;
pub use version::Version;
