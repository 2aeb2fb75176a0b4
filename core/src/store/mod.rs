//! The vocabulary of the message store.
