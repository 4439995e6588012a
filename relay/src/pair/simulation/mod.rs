//! Instances of a flow in a simulated network, with faults drawn from a seed: who sends what, and what a viewer gets.

mod faults;
mod node;
mod tests;
mod viewer;
mod world;
