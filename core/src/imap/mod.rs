//! IMAP4rev1: grammar, server session and mailbox view.
