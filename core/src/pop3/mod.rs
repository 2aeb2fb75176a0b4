//! POP3: grammar and server session.
