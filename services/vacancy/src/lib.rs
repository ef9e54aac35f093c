//! The vacancy service: the stock of places.
