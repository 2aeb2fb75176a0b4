//! The roles of mail agents: submission, transfer, delivery, access.
