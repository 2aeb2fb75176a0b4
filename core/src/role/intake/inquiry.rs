//! What is asked outside of a transaction: VRFY and ETRN.

use super::{Intake, Policy};
use crate::address::{Domain, ForwardPath, Host, Invalid, LocalPart, Mailbox};
use crate::queue::{self, Command};
use crate::role::Effect;
use crate::role::config::Vrfy;
use crate::role::directory::Route;
use crate::role::mta::no_such_user;
use crate::smtp::server::Answer;
use crate::smtp::{Reply, SyntaxError};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

impl<P: Policy> Intake<P> {
    /// RFC 5321 §3.5.3.
    pub(super) fn verify(&self, text: &str) -> Answer {
        if self.site.config.smtp.vrfy == Vrfy::Off {
            return Answer::Accept;
        }
        let named = match self.named(text) {
            Ok(named) => named,
            Err(why) => return Answer::Reply(SyntaxError::ForwardPath(why).reply()),
        };
        let routed = named.into_iter().map(|mailbox| {
            let route = self.site.directory.route(&ForwardPath::Mailbox(mailbox.clone()));
            (mailbox, route)
        });
        let known: Vec<_> = routed.filter(|(_, route)| *route != Route::Unknown).collect();
        Answer::Reply(match &known[..] {
            [] => no_such_user(),
            [(_, Route::Elsewhere)] => return Answer::Accept,
            [(mailbox, _)] => Reply::new(250, (2, 1, 5), format!("<{mailbox}>")),
            // RFC 5321 §3.5.1.
            _ => Reply::new(553, (5, 1, 4), "User ambiguous"),
        })
    }

    /// The mailboxes that `text` may mean: an address, in brackets or not, or a local-part alone in
    /// each local domain.
    fn named(&self, text: &str) -> Result<Vec<Mailbox>, Invalid> {
        let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
        match Mailbox::parse(bare.as_bytes(), true) {
            Err(Invalid::NoAt) => {}
            parsed => return parsed.map(|mailbox| vec![mailbox]),
        }
        let local_part = LocalPart::parse(bare.as_bytes(), true)?;
        let mailbox = |domain: &str| {
            let domain = Domain::parse(domain.as_bytes(), true)?;
            // Only who names a mailbox in UTF-8 is known to understand it (RFC 6531 §3.7.4.2).
            let host = Host::Domain(Domain::parse(domain.ascii().as_bytes(), false)?);
            Ok(Mailbox { local_part: local_part.clone(), host })
        };
        self.site.config.local_domains().into_iter().map(mailbox).collect()
    }

    /// RFC 1985 §5.3. A leading `@` means subdomains as well, a leading `#` a queue by its name, of
    /// which there are none here.
    pub(super) fn etrn(&mut self, node: &str) -> Reply {
        if !self.site.heeds_etrn(self.peer, self.account.is_some()) {
            return Reply::new(459, (4, 7, 1), format!("Node {node} not allowed"));
        }
        if node.starts_with('#') {
            let text = format!("Unable to queue messages for node {node}");
            return Reply::new(458, (4, 3, 3), text);
        }
        let (prefix, domain) = match node.strip_prefix('@') {
            Some(domain) => ("@", domain),
            None => ("", node),
        };
        let Ok(domain) = Domain::parse(domain.as_bytes(), true) else {
            return Reply::new(501, (5, 5, 4), "Syntax: ETRN domain");
        };
        let flush = Command::Flush(format!("{prefix}{}", domain.ascii().to_ascii_lowercase()));
        self.effects.push_back(Effect::Queue(queue::Input::Command(flush)));
        Reply::new(250, (2, 0, 0), format!("Ok, queuing for node {node} started"))
    }
}
