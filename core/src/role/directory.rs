//! Who has mail here: local domains, accounts, aliases, passwords.

use super::config::OwnQuota;
use crate::address::{Domain, ForwardPath, Host, Mailbox};
use crate::limits::Limits;
use crate::sasl::{Decoy, ScramKeys};
use crate::secret::Secret;
use crate::store::Account;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

#[cfg(test)]
mod tests;

/// Who looks after a domain's mail (RFC 5321 §4.5.1).
const POSTMASTER: &str = "postmaster";

/// A hash of no password, for logins that do not exist: checking it takes as long as any.
const UNMATCHED_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Someone who can log in.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The password's hash (Argon2id, `$6$`, `$2b$` or `{SSHA}`), if it has one.
    pub password: Option<Secret<String>>,
    /// The keys for SCRAM-SHA-256, if it has them.
    pub scram: Option<ScramKeys>,
    /// What it may have, where that is not what all may have.
    pub quota: OwnQuota,
}

/// Where mail for an address goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// Into the INBOX of these accounts; never empty.
    Local(Vec<Account>),
    /// The domain is ours, but there is no such user.
    Unknown,
    /// The domain is not ours.
    Elsewhere,
}

/// Everything that decides who has mail here: a snapshot that sessions share.
///
/// ```
/// use postroad_core::address::{ForwardPath, Mailbox};
/// use postroad_core::role::directory::{Directory, Route, User};
/// use postroad_core::store::Account;
///
/// let alice = Account::parse("alice@example.org")?;
/// let mut directory = Directory::new(&["example.org"], [7; 32])?;
/// directory.add_user(alice.clone(), User::default());
/// directory.add_alias("sales@example.org", &["alice@example.org"])?;
/// let path = ForwardPath::Mailbox(Mailbox::parse(b"sales+spring@example.org", false)?);
/// assert_eq!(directory.route(&path), Route::Local(vec![alice]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Directory {
    /// Local domains as A-labels in lower case; the first is the one of `<postmaster>`.
    domains: Vec<String>,
    users: BTreeMap<Account, User>,
    /// From `local-part@domain`, `@domain` (catch-all) or `local-part` (every domain).
    aliases: BTreeMap<String, Vec<Account>>,
    decoy: Decoy,
}

impl Directory {
    /// A directory of `domains` without users. `secret` stays the same as long as the users do: it
    /// hides who exists from those who try to log in.
    ///
    /// # Errors
    /// If there is no domain, or one is not a domain.
    pub fn new(domains: &[&str], secret: [u8; 32]) -> Result<Self, Misconfigured> {
        if domains.is_empty() {
            return Err(Misconfigured("there is no local domain".into()));
        }
        let ascii = |domain: &&str| {
            Domain::parse(domain.as_bytes(), true)
                .map(|domain| domain.ascii().to_ascii_lowercase())
                .map_err(|why| Misconfigured(format!("the domain `{domain}`: {why}")))
        };
        Ok(Self {
            domains: domains.iter().map(ascii).collect::<Result<_, _>>()?,
            users: BTreeMap::new(),
            aliases: BTreeMap::new(),
            decoy: Decoy::new(secret, crate::sasl::password::DEFAULT_ITERATIONS),
        })
    }

    /// Adds a user, or replaces it.
    pub fn add_user(&mut self, account: Account, user: User) {
        self.users.insert(account, user);
    }

    /// Adds an alias: from `name@domain`, `@domain` (whoever is otherwise unknown there) or `name`
    /// (in every domain) to addresses of this directory.
    ///
    /// # Errors
    /// If a target is not an address in a local domain.
    pub fn add_alias(&mut self, from: &str, to: &[impl AsRef<str>]) -> Result<(), Misconfigured> {
        let target = |to: &str| {
            let account = Account::parse(to)
                .map_err(|why| Misconfigured(format!("the alias `{from}` to `{to}`: {why}")))?;
            if self.is_local(account.domain()) {
                Ok(account)
            } else {
                let why = "only addresses in a local domain can be the target of an alias";
                Err(Misconfigured(format!("the alias `{from}` to `{to}`: {why}")))
            }
        };
        let targets =
            to.iter().map(|to| target(to.as_ref())).collect::<Result<Vec<_>, Misconfigured>>()?;
        if targets.is_empty() {
            return Err(Misconfigured(format!("the alias `{from}` leads nowhere")));
        }
        self.aliases.insert(from.to_lowercase(), targets);
        Ok(())
    }

    /// Every alias that can never deliver, with the reason: a loop, or a target that does not
    /// exist.
    #[must_use]
    pub fn dangling_aliases(&self) -> Vec<String> {
        let reaches = |account: &Account| !self.expand(account).is_empty();
        let broken = |(from, targets): (&String, &Vec<Account>)| {
            let lost = targets.iter().find(|target| !reaches(target))?;
            Some(format!("the alias `{from}` leads to `{lost}`, where no user is"))
        };
        self.aliases.iter().filter_map(broken).collect()
    }

    /// The users, by address.
    pub fn users(&self) -> impl Iterator<Item = (&Account, &User)> {
        self.users.iter()
    }

    /// What an account may have of its own; one without a user has what all have.
    #[must_use]
    pub fn quota(&self, account: &Account) -> OwnQuota {
        self.users.get(account).map(|user| user.quota).unwrap_or_default()
    }

    /// Whether `domain` (an A-label form, in any case) is local.
    #[must_use]
    pub fn is_local(&self, domain: &str) -> bool {
        self.domains.iter().any(|local| local.eq_ignore_ascii_case(domain))
    }

    /// Where mail for `path` goes. Postmaster exists in every local domain (RFC 5321 §4.5.1).
    ///
    /// The local-part is taken whole: `%`, `!` and a quoted `@` in it route nothing.
    #[must_use]
    pub fn route(&self, path: &ForwardPath) -> Route {
        let (local_part, domain) = match path {
            ForwardPath::Postmaster => (POSTMASTER.to_string(), self.domains[0].clone()),
            ForwardPath::Mailbox(Mailbox { host: Host::Domain(domain), local_part })
                if self.is_local(domain.ascii()) =>
            {
                (local_part.folded(), domain.ascii().to_ascii_lowercase())
            }
            // Deviation: an address literal is never ours (RFC 5321 §4.1.3), but for postmaster's.
            ForwardPath::Mailbox(mailbox) if is_literal_postmaster(mailbox) => {
                return self.route(&ForwardPath::Postmaster);
            }
            ForwardPath::Mailbox(_) => return Route::Elsewhere,
        };
        let base = local_part.split_once('+').map(|(base, _)| base).filter(|base| !base.is_empty());
        let named = core::iter::once(local_part.as_str()).chain(base);
        let found = named
            .map(|name| self.expand_name(name, &domain))
            .chain(core::iter::once_with(|| self.postmaster(&local_part, &domain)))
            .chain(core::iter::once_with(|| self.expand_alias(&format!("@{domain}"))))
            .find(|accounts| !accounts.is_empty());
        found.map_or(Route::Unknown, |accounts| Route::Local(accounts.into_iter().collect()))
    }

    /// Whether a login of `account` may send as `mailbox`: its own address, with or without a tag,
    /// and every alias that leads to it (RFC 6409 §6.1).
    #[must_use]
    pub fn may_send_as(&self, account: &Account, mailbox: &Mailbox) -> bool {
        match self.route(&ForwardPath::Mailbox(mailbox.clone())) {
            Route::Local(accounts) => accounts.contains(account),
            Route::Unknown | Route::Elsewhere => false,
        }
    }

    /// The user who logs in as `login`: the address, or the local-part alone where only one domain
    /// has it.
    #[must_use]
    pub fn login(&self, login: &str) -> Option<(&Account, &User)> {
        if login.contains('@') {
            return self.users.get_key_value(&Account::parse(login).ok()?);
        }
        let login = login.to_lowercase();
        let mut same = self.users.iter().filter(|(account, _)| account.local_part() == login);
        same.next().filter(|_| same.next().is_none())
    }

    /// SCRAM keys for a login that has none: the same for every way to write its name, as a user's
    /// are.
    #[must_use]
    pub fn decoy_keys(&self, login: &str) -> ScramKeys {
        let login = login.to_lowercase();
        if login.contains('@') {
            return self.decoy.keys(&login);
        }
        self.decoy.keys(&format!("{login}@{}", self.domains[0]))
    }

    /// A hash for a login that has none.
    #[must_use]
    pub fn decoy_hash(&self) -> Secret<String> {
        Secret::new(UNMATCHED_HASH.into())
    }

    fn expand_name(&self, name: &str, domain: &str) -> BTreeSet<Account> {
        match Account::parse(&format!("{name}@{domain}")) {
            Ok(account) => self.expand(&account),
            Err(_) => BTreeSet::new(),
        }
    }

    /// A postmaster that nobody has named still has a mailbox.
    fn postmaster(&self, local_part: &str, domain: &str) -> BTreeSet<Account> {
        let account = (local_part == POSTMASTER)
            .then(|| Account::parse(&format!("{POSTMASTER}@{domain}")).ok());
        account.flatten().into_iter().collect()
    }

    /// The users that `account` stands for: itself, or where its alias leads.
    fn expand(&self, account: &Account) -> BTreeSet<Account> {
        if self.users.contains_key(account) {
            return core::iter::once(account.clone()).collect();
        }
        let exact = self.expand_alias(account.as_str());
        if exact.is_empty() { self.expand_alias(account.local_part()) } else { exact }
    }

    fn expand_alias(&self, from: &str) -> BTreeSet<Account> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut next: Vec<&Account> = self.aliases.get(from).into_iter().flatten().collect();
        for _ in 0..Limits::DEFAULT.alias_steps {
            for account in core::mem::take(&mut next) {
                if self.users.contains_key(account) {
                    found.insert(account.clone());
                } else if seen.insert(account) {
                    let aliases = &self.aliases;
                    let further =
                        aliases.get(account.as_str()).or_else(|| aliases.get(account.local_part()));
                    next.extend(further.into_iter().flatten());
                }
            }
        }
        found
    }
}

fn is_literal_postmaster(mailbox: &Mailbox) -> bool {
    matches!(mailbox.host, Host::Literal(_)) && mailbox.local_part.folded() == POSTMASTER
}

/// What is wrong with a configuration, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misconfigured(pub String);

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Misconfigured {}
