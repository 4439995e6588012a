#![allow(missing_docs)]
use super::Generator;
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("x")]
    X,
}
pub fn open(_: &crate::spec::FileInput, _: usize) -> Result<Never, FileError> {
    Err(FileError::X)
}
pub struct Never;
impl Generator for Never {
    fn seek(&mut self, _: crate::time::Utc) {}
    fn due(&self) -> Option<crate::time::Utc> {
        None
    }
    fn fill(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}
