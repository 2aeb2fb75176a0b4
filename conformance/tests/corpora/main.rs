//! Cases that others wrote, one module a suite: see [`suite`].

mod addr_isemail;
mod suite;
