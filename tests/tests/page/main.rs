//! The page, as a browser shows it. Needs root and Chromium.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a lab that cannot be built is a failed test")]

mod lab;
mod live;
mod reading;
