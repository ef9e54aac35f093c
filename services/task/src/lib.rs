//! The task service: what people have to do.
