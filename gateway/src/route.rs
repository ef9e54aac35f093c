//! Stage 4: which route a request takes. Pure: values in, a choice out.
//!
//! `pattern` parses what an operator writes, `host` and `condition` what narrows it, and `table` puts all of them in
//! order of precedence and finds the winner.
