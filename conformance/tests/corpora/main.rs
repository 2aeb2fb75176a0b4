//! Cases that others wrote, one module a suite: see [`suite`].

mod addr_email_validator;
mod addr_isemail;
mod dates_mimekit;
mod fake_mail_server;
mod imap_codec_trace;
mod maildir_names;
mod mailkit_imap;
mod mailkit_smtp;
mod messages;
mod mime_mimekit;
mod mutf7_go_imap;
mod suite;
