//! Cases that others wrote, one module a suite: see [`suite`].

mod addr_email_validator;
mod addr_isemail;
mod bounces_flufl;
mod bounces_sisimai;
mod chasquid;
mod dates_mimekit;
mod fake_mail_server;
mod imap_codec_trace;
mod imaptest_threads;
mod james_mpt_smtp;
mod maildir_names;
mod mailkit_imap;
mod mailkit_smtp;
mod messages;
mod mime_mimekit;
mod mutf7_go_imap;
mod office;
mod smtp_proto_tables;
mod smtp_smuggling;
mod starttls_injection;
mod suite;
mod summaries;
mod thread_base_subject;
