//! Stage 7's choice: which upstream is next. Pure: candidates in, an index out.
pub(crate) mod round_robin;
