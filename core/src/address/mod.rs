//! Mail addresses: mailboxes, paths and address lists.
