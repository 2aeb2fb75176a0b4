//! Every limit of Postroad, in one place, each with its clause or precedent.
//!
//! A few are fixed, since they belong to what is the same for everybody: no configuration
//! names them.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

#[cfg(test)]
mod tests;

macro_rules! limits {
    (
        fixed { $( $(#[doc = $fixed_doc:literal])+ $fixed:ident: $fixed_type:ty = $fixed_value:expr, $fixed_clause:literal; )+ }
        $( $(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr, $clause:literal; )+
    ) => {
        /// The limits in force. [`Limits::default`] is what the clauses ask for or what precedent
        /// has shown to work; a configuration may change each that is not fixed.
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
        pub struct Limits {
            $( $(#[doc = $fixed_doc])+ #[doc = ""] #[doc = "Fixed: no configuration can change it."]
               #[doc = ""] #[doc = concat!("Source: ", $fixed_clause, ".")]
               #[cfg_attr(feature = "serde", serde(skip))]
               pub $fixed: $fixed_type, )+
            $( $(#[doc = $doc])+ #[doc = ""] #[doc = concat!("Source: ", $clause, ".")]
               #[cfg_attr(feature = "serde", serde(with = "number"))]
               pub $name: $type, )+
        }

        impl Limits {
            /// The default limits.
            pub const DEFAULT: Self = Self { $($fixed: $fixed_value,)+ $($name: $value),+ };

            /// Every limit as a row for a person: name, value with its unit, source.
            #[must_use]
            pub fn rows(&self) -> Vec<(&'static str, String, &'static str)> {
                vec![
                    $((stringify!($fixed), self.$fixed.written(), concat!("fixed: ", $fixed_clause)),)+
                    $((stringify!($name), self.$name.written(), $clause)),+
                ]
            }
        }

        impl Default for Limits {
            fn default() -> Self {
                Self::DEFAULT
            }
        }
    };
}

limits! {
    fixed {
        /// Octets of a local-part.
        local_part: usize = 64, "RFC 5321 §4.5.3.1.1";
        /// Octets of a domain.
        domain: usize = 255, "RFC 5321 §4.5.3.1.2";
        /// Octets of a path with its brackets, a source route not included.
        path: usize = 256, "RFC 5321 §4.5.3.1.3";
        /// Addresses read from one address list.
        addresses: usize = 10_000, "what header_block could hold is 131,072, each an ENVELOPE entry";
        /// Parameters read from one MIME field.
        parameters: usize = 128, "more than any program writes";
        /// Octets of a multipart's boundary.
        boundary: usize = 996, "RFC 5322 §2.1.1: with its hyphens it fills a line";
        /// Message-IDs kept of a References field: the first, and the last ones.
        references: usize = 250, "RFC 5256 §3 needs the branch that a reply is on; ours, longer than any talk";
        /// Characters of a preview.
        preview: usize = 200, "RFC 8970 §3.2";
        /// Octets of a body part from which a preview is made.
        preview_octets: usize = 32 * 1024, "ours: HTML may begin with as much of styles";
        /// Nesting of parts in a summary that is read back.
        summary_depth: usize = 1_000, "ours: ten times mime_depth";
        /// Octets of what a peer said that a notification repeats.
        diagnostic: usize = 2_048, "a line of a reply at its longest: client_reply_line";
        /// Octets of an IMAP literal for which the client does not wait, where LITERAL- is announced.
        imap_literal_minus: u64 = 4_096, "RFC 7888 §5";
        /// Ranges of removed UIDs that a mailbox remembers for clients that come back.
        vanished: usize = 10_000, "ours; beyond it RFC 7162 §3.2.5.2 lets all UIDs without a message be told";
        /// How often an alias may lead to an alias.
        alias_steps: usize = 10, "more than a person follows";
        /// Octets that are inflated before a session is asked whether it wants more.
        inflate_slice: usize = 4 * 1024, "RFC 4978 §6: a little that came may become a thousand times as much";
        /// DNS: octets of a datagram.
        dns_datagram: usize = 1_232, "RFC 6891 §6.2.5; DNS flag day 2020: what no path fragments";
        /// DNS: how often a CNAME may lead to a CNAME.
        dns_links: usize = 8, "RFC 1034 §5.2.2 asks for a limit; precedent: BIND, Unbound (11)";
        /// DNS: records kept of one answer; of MX records those with the lowest preference numbers.
        dns_records: usize = 100, "ours; an answer over TCP may hold thousands";
        /// Queue: how long a carrier waits before it asks a spool that failed once more to note what
        /// became of a message.
        note_again: Duration = Duration::from_secs(5), "ours: soon after there is room on the disk again";
        /// Client: how long an address is dialled alone before the next one is dialled as well.
        connect_head_start: Duration = Duration::from_millis(250), "RFC 8305 §5";
    }
    /// Octets of an SMTP command line, CRLF included.
    command_line: usize = 2_048, "RFC 5321 §4.5.3.1.4 (512 and up), RFC 4954 §4";
    /// Octets of a line of content without its CRLF.
    text_line: usize = 998, "RFC 5321 §4.5.3.1.6";
    /// Octets of a message.
    message: u64 = 50 * 1024 * 1024, "RFC 1870; 50 MiB is the precedent of large providers";
    /// Octets of a header block.
    header_block: usize = 256 * 1024, "precedent: Postfix header_size_limit, doubled and more";
    /// Fields of a header block.
    header_fields: usize = 1_000, "precedent: Exim, Cyrus";
    /// Recipients of one transaction.
    recipients: usize = 1_000, "RFC 5321 §4.5.3.1.8 (100 and up)";
    /// Transactions of one SMTP connection.
    transactions: usize = 1_000, "RFC 9422 MAILMAX";
    /// Nesting of MIME parts.
    mime_depth: usize = 100, "precedent: Postfix mime_nesting_limit";
    /// MIME parts of a message.
    mime_parts: usize = 10_000, "precedent: Dovecot";
    /// Octets of memory that the MIME structure of one message may take, the last part not counted.
    mime_structure: usize = 4 * 1024 * 1024, "400 octets for each of mime_parts";
    /// Octets at the start of a message in which a bounce is recognised.
    bounce: usize = 256 * 1024, "as much as a header block may have; what is behind is the returned message";
    /// Received fields before mail is taken for looping.
    received_hops: usize = 50, "RFC 5321 §6.3";
    /// Octets of an IMAP command line before login, literals included, and of the line that ends IDLE.
    imap_line_before_login: usize = 8 * 1024, "RFC 7162 §4";
    /// Octets of an IMAP command line after login, literals not included.
    imap_line: usize = 64 * 1024, "RFC 7162 §4; precedent: Dovecot imap_max_line_length";
    /// Octets of all the literals of one IMAP command, an APPEND's message not included.
    imap_literal: usize = 64 * 1024, "RFC 7888 §4";
    /// Data items of one IMAP FETCH, and names of header fields in one of them.
    imap_fetch_items: usize = 1_000, "ten times what clients ask for";
    /// Entries of one access control list.
    acl_entries: usize = 1_000, "each command looks through them";
    /// Annotations of one mailbox or account.
    annotations: usize = 1_000, "precedent: Dovecot imap_metadata, which counts with the quota";
    /// Octets of all annotations of one mailbox or account.
    annotation_octets: usize = 1024 * 1024, "told in one response";
    /// Octets of an annotation's value.
    annotation: usize = 64 * 1024, "as many as a literal may have";
    /// Octets of the pattern of an IMAP LIST or LSUB with its reference.
    imap_list_pattern: usize = 1_000, "each costs a look at every octet of every mailbox name";
    /// Nesting of IMAP search keys.
    imap_search_depth: usize = 50, "precedent: Cyrus";
    /// Texts to look for in one IMAP SEARCH, each a pass through every message.
    imap_search_texts: usize = 100, "more than a person types";
    /// Messages of one IMAP APPEND.
    imap_append_messages: usize = 1_000, "each is a file of its own until all are filed";
    /// Octets of all the messages of one IMAP APPEND.
    imap_append: u64 = 500 * 1024 * 1024, "ten of the largest messages";
    /// Parts that one IMAP APPEND puts messages together from (RFC 4469).
    imap_catenate_parts: usize = 1_000, "each may be taken from another message, which is read for it";
    /// Octets of a subject or an address that count when messages are sorted.
    sort_text: usize = 256, "a few lines of a screen";
    /// Search keys that one IMAP SEARCH judges before other sessions have their turn.
    imap_search_turn: usize = 250_000, "a millisecond or two";
    /// Comparisons that one IMAP SORT makes before other sessions have their turn.
    imap_sort_turn: usize = 50_000, "a millisecond or two";
    /// Messages that one IMAP THREAD links before other sessions have their turn.
    imap_thread_turn: usize = 5_000, "a millisecond or two";
    /// Messages that one IMAP EXPUNGE or POP3 QUIT removes before other sessions have their turn.
    expunge_turn: usize = 1_000, "some hundredths of a second; each turn costs a sync of the folder";
    /// IMAP commands in a row that could not be understood before the connection is closed.
    imap_bad_commands: usize = 20, "precedent: Dovecot";
    /// SMTP commands in a transaction's place that led to an error before the connection is closed.
    smtp_bad_commands: usize = 20, "precedent: Postfix smtpd_hard_error_limit";
    /// Octets of a POP3 command line, CRLF included.
    pop3_line: usize = 255, "RFC 2449 §4, RFC 5034 §4";
    /// Octets of a SASL response, decoded.
    sasl_response: usize = 12_288, "RFC 4954 §4";
    /// Client: PBKDF2 iterations that a SCRAM server may ask for.
    scram_iterations: u32 = 1_000_000, "ours, a hundred times what we derive keys with; RFC 5802 §9 only bounds them below";
    /// Keywords of one mailbox.
    keywords: usize = 26, "Maildir++: one letter each";
    /// Octets of a keyword.
    keyword: usize = 255, "precedent: Dovecot";
    /// Octets of a mailbox name, in UTF-8.
    mailbox_name: usize = 200, "file names of 255 octets, in modified UTF-7";
    /// Levels of a mailbox name.
    mailbox_depth: usize = 20, "precedent: Dovecot";
    /// Mailboxes of one account.
    mailboxes: usize = 10_000, "precedent: Cyrus";
    /// SMTP connections of one address at a time.
    smtp_connections_per_address: usize = 20, "precedent: Postfix smtpd_client_connection_count_limit, halved";
    /// Connections of all kinds at a time.
    connections: usize = 10_000, "one thread each";
    /// Failed logins before the connection is closed.
    failed_logins: u32 = 3, "RFC 4954 §6, RFC 3501 §11";
    /// Delay before the answer to the first failed login; it doubles with each (see
    /// [`Limits::penalty`]).
    failed_login_delay: Duration = Duration::from_secs(2), "precedent: Dovecot auth_failure_delay";
    /// Time from the greeting to a login.
    login_timeout: Duration = Duration::from_secs(60), "precedent: Dovecot";
    /// Time for a TLS handshake.
    tls_handshake: Duration = Duration::from_secs(60), "precedent: Postfix";
    /// Silence before an SMTP server closes.
    smtp_idle: Duration = Duration::from_secs(5 * 60), "RFC 5321 §4.5.3.2.7";
    /// Silence before a POP3 server closes.
    pop3_idle: Duration = Duration::from_secs(10 * 60), "RFC 1939 §3";
    /// Silence before an IMAP server closes, IDLE included.
    imap_idle: Duration = Duration::from_secs(30 * 60), "RFC 9051 §5.4";
    /// Silence after which a connection that is compressed gives back the memory it does not need to
    /// go on.
    deflate_rest: Duration = Duration::from_secs(1), "ours: a deflater takes 310 KiB and a quarter of a millisecond to make";
    /// Time in which an IMAP client is told nothing of a command that takes long.
    imap_progress: Duration = Duration::from_secs(10), "RFC 9585 §4";
    /// Time for a peer to take what is transmitted, per write.
    write_timeout: Duration = Duration::from_secs(60), "precedent: Dovecot";
    /// Carriers of the queue at a time: connections to other hosts, and workers that file mail here.
    queue_carriers: usize = 100, "precedent: Postfix default_process_limit";
    /// Workers of the queue that file mail here at a time.
    queue_filers: usize = 4, "what keeps a disk busy";
    /// Messages to a hopeless destination that the queue's clerk has before him at a time.
    queue_papers: usize = 100, "each is a note that is synced";
    /// Client: how long a connection is kept that has nothing to carry.
    client_idle: Duration = Duration::from_secs(5), "precedent: Postfix smtp_connection_cache_time_limit, 2 s, doubled and more";
    /// Client: wait for the greeting.
    client_greeting: Duration = Duration::from_secs(5 * 60), "RFC 5321 §4.5.3.2.1";
    /// Client: wait for a reply to EHLO, STARTTLS or AUTH.
    client_hello: Duration = Duration::from_secs(5 * 60), "RFC 5321 §4.5.3.2";
    /// Client: wait for a reply to MAIL.
    client_mail: Duration = Duration::from_secs(5 * 60), "RFC 5321 §4.5.3.2.2";
    /// Client: wait for a reply to RCPT.
    client_rcpt: Duration = Duration::from_secs(5 * 60), "RFC 5321 §4.5.3.2.3";
    /// Client: wait for a reply to DATA.
    client_data: Duration = Duration::from_secs(2 * 60), "RFC 5321 §4.5.3.2.4";
    /// Client: wait for a block of content to be taken.
    client_block: Duration = Duration::from_secs(3 * 60), "RFC 5321 §4.5.3.2.5";
    /// Client: wait for the reply to the end of data.
    client_end: Duration = Duration::from_secs(10 * 60), "RFC 5321 §4.5.3.2.6";
    /// Client: wait for a connection to one address.
    connect: Duration = Duration::from_secs(30), "precedent: Postfix smtp_connect_timeout";
    /// Mail hosts of one domain whose addresses are looked up.
    mx_hosts: usize = 20, "RFC 5321 §5.1 lets a client bound the alternates";
    /// Addresses of one mail host.
    mx_addresses: usize = 10, "precedent: Postfix smtp_mx_address_limit, doubled";
    /// DNS: wait for a datagram, the first time round all servers; it doubles with each round.
    dns_timeout: Duration = Duration::from_secs(2), "RFC 1035 §4.2.1: 2 to 5 s";
    /// DNS: wait for an answer over TCP.
    dns_stream_timeout: Duration = Duration::from_secs(10), "ours, as long as all tries by datagram";
    /// DNS: how often a question is asked, over all servers.
    dns_tries: usize = 4, "precedent: resolv.conf(5) attempts, doubled";
    /// DNS: queries unanswered at a time.
    dns_queries: usize = 1_000, "a socket each; precedent: Unbound num-queries-per-thread";
    /// DNS: octets of memory for answers that are remembered.
    dns_cache: usize = 4 * 1024 * 1024, "precedent: Unbound msg-cache-size";
    /// DNS: how long an answer is remembered at the most.
    dns_positive: Duration = Duration::from_secs(24 * 60 * 60), "precedent: Unbound cache-max-ttl";
    /// DNS: how long it is remembered at the most that there is no such name or record.
    dns_negative: Duration = Duration::from_secs(3 * 60 * 60), "RFC 2308 §5: one to three hours";
    /// DNS: how long it is remembered that no server could answer.
    dns_failure: Duration = Duration::from_secs(5), "RFC 9520 §3.2";
    /// Client: recipients of one transaction.
    client_recipients: usize = 100, "RFC 5321 §4.5.3.1.10: what every server takes";
    /// Octets of a message that a report returns whole; of a larger one, the header.
    bounce_content: u64 = 64 * 1024, "precedent: Postfix bounce_size_limit (50,000)";
    /// Client: lines of one reply.
    client_reply_lines: usize = 100, "precedent: Exim";
    /// Client: octets of one line of a reply, CRLF included.
    client_reply_line: usize = 2_048, "RFC 5321 §4.5.3.1.5 (512 and up); precedent: Postfix line_length_limit";
}

impl Limits {
    /// How long the answer to a failed login is held back, after so many that failed before it:
    /// [`failed_login_delay`](Self::failed_login_delay), doubled with each, a few hours at the most.
    ///
    /// ```
    /// use core::time::Duration;
    /// use postroad_core::limits::Limits;
    /// assert_eq!(Limits::DEFAULT.penalty(0), Duration::from_secs(2));
    /// assert_eq!(Limits::DEFAULT.penalty(2), Duration::from_secs(8));
    /// ```
    #[must_use]
    pub const fn penalty(&self, failed_before: u32) -> Duration {
        let doublings = if failed_before < 12 { failed_before } else { 12 };
        self.failed_login_delay.saturating_mul(1 << doublings)
    }
}

/// A limit's value, written for a person.
trait Written {
    fn written(&self) -> String;
}

macro_rules! written {
    ($($type:ty),+) => {$(
        impl Written for $type {
            fn written(&self) -> String {
                format!("{self}")
            }
        }
    )+};
}

written!(usize, u64, u32);

impl Written for Duration {
    fn written(&self) -> String {
        match self.subsec_millis() {
            0 => format!("{} s", self.as_secs()),
            _ => format!("{} ms", self.as_millis()),
        }
    }
}

/// Limits are plain numbers in a configuration; durations are seconds.
#[cfg(feature = "serde")]
mod number {
    use super::Duration;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) trait Number: Copy {
        fn to(self) -> u64;
        fn from(number: u64) -> Option<Self>;
    }

    macro_rules! number {
        ($($type:ty),+) => {$(
            impl Number for $type {
                fn to(self) -> u64 {
                    self as u64
                }
                fn from(number: u64) -> Option<Self> {
                    number.try_into().ok()
                }
            }
        )+};
    }

    number!(usize, u64, u32);

    impl Number for Duration {
        fn to(self) -> u64 {
            self.as_secs()
        }
        fn from(number: u64) -> Option<Self> {
            Some(Duration::from_secs(number))
        }
    }

    pub(super) fn serialize<T: Number, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        value.to().serialize(to)
    }

    pub(super) fn deserialize<'de, T: Number, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        let number = u64::deserialize(from)?;
        T::from(number).ok_or_else(|| D::Error::custom("the number is too large"))
    }
}
