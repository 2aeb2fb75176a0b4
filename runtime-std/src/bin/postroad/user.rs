//! `postroad user`: who has mail here.

use crate::password;
use crate::say::say;
use crate::settings::Settings;
use crate::terminal::Quiet;
use crate::users::{Users, bound, number, octets};
use clap::Args;
use postroad_core::address::Mailbox;
use postroad_core::entropy::Entropy;
use postroad_core::role::config::{OwnQuota, Size};
use postroad_core::role::directory::User;
use postroad_core::secret::Secret;
use postroad_core::store::{Account, Allowance};
use postroad_runtime_std::clock;
use std::io::{BufRead, IsTerminal, Write};

/// What to do with users.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Add a user
    Add {
        #[command(flatten)]
        password: Password,
        /// How much mail the user may have, such as 500M or 2G, or none; without it, what
        /// `[quota]` of the configuration says
        #[arg(long, value_name = "SIZE")]
        quota: Option<String>,
    },
    /// Change a user's password
    Passwd(Password),
    /// Say how much mail a user may have, or see it
    Quota(Quota),
    /// List the users
    List {
        /// As a JSON list
        #[arg(long)]
        json: bool,
    },
    /// Remove a user; the mail stays where it is
    Remove {
        /// The user's address
        address: String,
    },
}

/// Whose password, and from where.
#[derive(Args)]
pub struct Password {
    /// The user's address, such as alice@example.org
    address: String,
    /// Read the password from standard input, one line, without asking
    #[arg(long)]
    password_stdin: bool,
    /// Take over a hash: Argon2 ($argon2id$...), SHA-crypt ($5$, $6$), bcrypt ($2b$) or {SSHA}; with
    /// one there is no SCRAM
    #[arg(long, value_name = "HASH", conflicts_with = "password_stdin")]
    password_hash: Option<String>,
}

/// Whose quota, and what it is from now on.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  postroad user quota alice@example.org --storage 2G --messages 50000\n  postroad user quota alice@example.org --storage default\n\nThe server heeds it from the next connection on. What a user has already, stays."
)]
pub struct Quota {
    /// The user's address
    address: String,
    /// How much mail, such as 500M or 2G; `none` for no limit, `default` for what `[quota]` of the
    /// configuration says
    #[arg(long, value_name = "SIZE")]
    storage: Option<String>,
    /// How many messages; `none` or `default` as above
    #[arg(long, value_name = "NUMBER")]
    messages: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Says in words why it can't be done.
pub fn run(settings: &Settings, command: Command) -> Result<(), String> {
    match command {
        Command::Add { password, quota } => set(settings, &password, Some(quota.as_deref())),
        Command::Passwd(password) => set(settings, &password, None),
        Command::Quota(quota) => limit(settings, &quota),
        Command::List { json } => list(settings, json),
        Command::Remove { address } => remove(settings, &address),
    }
}

/// Sets a password: with `new`, that of a user who is added, with this quota.
fn set(settings: &Settings, password: &Password, new: Option<Option<&str>>) -> Result<(), String> {
    let account = account(settings, &password.address)?;
    let storage = bound(new.flatten(), octets).map_err(|why| format!("--quota: {why}"))?;
    // Before the password is asked for.
    known(&Users::read(&settings.data)?, &account, new.is_none())?;
    let user = match &password.password_hash {
        Some(hash) if password::is_known(hash) => {
            User { password: Some(Secret::new(hash.clone())), ..User::default() }
        }
        Some(_) => return Err("--password-hash: not a hash that can be checked".into()),
        None => hash(&ask(password.password_stdin)?)?,
    };
    Users::change(&settings.data, |users| {
        known(users, &account, new.is_none())?;
        let quota = match users.0.get(&account) {
            Some(old) => old.quota,
            None => OwnQuota { storage, ..OwnQuota::default() },
        };
        users.0.insert(account.clone(), User { quota, ..user });
        Ok(())
    })?;
    say!("{account}: {}", if new.is_some() { "added" } else { "the password is changed" });
    Ok(())
}

/// Says what a user may have, after it was changed if that is wanted.
fn limit(settings: &Settings, wanted: &Quota) -> Result<(), String> {
    let account = named(&wanted.address)?;
    let read = |text: Option<&str>, read: fn(&str) -> Result<u64, String>| {
        text.map(|text| bound(Some(text), read)).transpose()
    };
    let storage =
        read(wanted.storage.as_deref(), octets).map_err(|why| format!("--storage: {why}"))?;
    let messages =
        read(wanted.messages.as_deref(), number).map_err(|why| format!("--messages: {why}"))?;
    let change = |users: &mut Users| {
        known(users, &account, true)?;
        let user = users.0.entry(account.clone()).or_default();
        user.quota.storage = storage.unwrap_or(user.quota.storage);
        user.quota.messages = messages.unwrap_or(user.quota.messages);
        Ok(user.quota)
    };
    let quota = if storage.is_none() && messages.is_none() {
        change(&mut Users::read(&settings.data)?)?
    } else {
        Users::change(&settings.data, change)?
    };
    let allowance = settings.config.quota.allowance(quota);
    say!("{account}: {}", described(allowance));
    Ok(())
}

/// What an account may have, in words.
fn described(allowance: Allowance) -> String {
    let octets = allowance.octets.map(|octets| Size(octets).to_string());
    let messages = allowance.messages.map(|messages| format!("{messages} messages"));
    match (octets, messages) {
        (None, None) => "no limit".into(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(octets), Some(messages)) => format!("{octets}, {messages}"),
    }
}

/// What is stored of `password`.
///
/// # Errors
/// Says why it can't be a password.
pub fn hash(password: &Secret<String>) -> Result<User, String> {
    let mut entropy: Entropy = clock::entropy().map_err(|error| error.to_string())?;
    if password.expose().is_empty() {
        return Err("an empty password lets everybody in".into());
    }
    password::hash(password.expose(), &mut entropy)
        .map_err(|why| format!("this can't be a password: {why}"))
}

fn list(settings: &Settings, json: bool) -> Result<(), String> {
    let users = Users::read(&settings.data)?;
    if json {
        let rows = users.0.iter().map(|(account, user)| {
            let Allowance { octets, messages } = settings.config.quota.allowance(user.quota);
            serde_json::json!({
                "address": account.as_str(),
                "scram": user.scram.is_some(),
                "quota": { "storage": octets, "messages": messages },
            })
        });
        say!("{}", rows.collect::<serde_json::Value>());
    } else {
        users.0.keys().for_each(|account| say!("{account}"));
    }
    Ok(())
}

fn remove(settings: &Settings, address: &str) -> Result<(), String> {
    let account = named(address)?;
    Users::change(&settings.data, |users| {
        users
            .0
            .remove(&account)
            .map(drop)
            .ok_or_else(|| format!("{account}: there is no such user"))
    })?;
    say!("{account}: removed; the mail stays in {}", settings.data.join("mail").display());
    Ok(())
}

/// The account of an address in a local domain.
///
/// # Errors
/// Says in words why it can't be one.
pub fn account(settings: &Settings, address: &str) -> Result<Account, String> {
    let account = named(address)?;
    let domains = settings.config.local_domains();
    let local = |domain: &&str| {
        Account::parse(&format!("x@{domain}")).is_ok_and(|it| it.domain() == account.domain())
    };
    if domains.iter().any(local) {
        return Ok(account);
    }
    let domains = domains.join(", ");
    Err(format!(
        "{address}: the local domains are {domains}; add others under `domains` in the configuration"
    ))
}

/// The account of a user.
///
/// # Errors
/// Says in words why there is none.
pub fn existing(settings: &Settings, address: &str) -> Result<Account, String> {
    let account = account(settings, address)?;
    known(&Users::read(&settings.data)?, &account, true)?;
    Ok(account)
}

/// The account of an address anywhere; a quoted local-part means the same as without its quotes (RFC 5321
/// §4.1.2).
fn named(address: &str) -> Result<Account, String> {
    let bare = match Mailbox::parse(address.as_bytes(), true) {
        Ok(mailbox) if address.starts_with('"') => {
            format!("{}@{}", mailbox.local_part.as_str(), mailbox.host)
        }
        _ => address.to_string(),
    };
    Account::parse(&bare).map_err(|why| format!("{address}: {why}"))
}

fn known(users: &Users, account: &Account, expected: bool) -> Result<(), String> {
    match (users.0.contains_key(account), expected) {
        (true, false) => Err(format!(
            "{account}: there is such a user already; `postroad user passwd` changes the password"
        )),
        (false, true) => {
            Err(format!("{account}: there is no such user; `postroad user add` adds one"))
        }
        _ => Ok(()),
    }
}

/// Reads a password: from standard input as it comes, or asked for on a terminal without echo.
fn ask(from_stdin: bool) -> Result<Secret<String>, String> {
    let stdin = std::io::stdin();
    if !from_stdin && !stdin.is_terminal() {
        return Err("there is no terminal to ask for a password; use --password-stdin".into());
    }
    let read = || -> Result<Secret<String>, String> {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_string()))
    };
    if from_stdin {
        return read();
    }
    let quiet = Quiet::new(&stdin).map_err(|error| error.to_string())?;
    let mut asked = [Secret::default(), Secret::default()];
    for (prompt, answer) in ["Password: ", "Once more: "].into_iter().zip(&mut asked) {
        eprint!("{prompt}");
        let _ = std::io::stderr().flush();
        *answer = read()?;
        eprintln!();
    }
    drop(quiet);
    let [one, two] = asked;
    if one == two { Ok(one) } else { Err("the two differ; nothing is changed".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_local_part_is_the_account_that_its_mail_finds() {
        for (address, account) in [
            ("Alice@Example.org", "alice@example.org"),
            (r#""alice"@example.org"#, "alice@example.org"),
            (r#""a\"b"@example.org"#, r#"a"b@example.org"#),
        ] {
            assert_eq!(named(address).unwrap().as_str(), account, "{address}");
        }
        for address in [r#"".."@example.org"#, r#""a b"@example.org"#, r#""a@b"@example.org"#] {
            assert!(named(address).is_err(), "{address}");
        }
    }
}
