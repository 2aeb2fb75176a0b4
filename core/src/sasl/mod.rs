//! SASL mechanisms, both ends.
