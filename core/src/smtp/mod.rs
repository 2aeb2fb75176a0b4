//! SMTP and LMTP: grammar, server session and client session.
