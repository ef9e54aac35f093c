//! The ticket service: sells places.
