//! Stage 6: what a request and an answer look like on the other side.
pub mod path;
