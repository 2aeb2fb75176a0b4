//! The users' file, `<data>/users.toml`: read by the server, written by `postroad user`.

use crate::durable;
use postroad_core::role::config::{Bound, OwnQuota, Size};
use postroad_core::role::directory::User;
use postroad_core::secret::Secret;
use postroad_core::store::Account;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The users of a data folder.
#[derive(Debug, Default)]
pub struct Users(pub BTreeMap<Account, User>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scram: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    storage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messages: Option<String>,
}

impl Users {
    /// Where the users of `data` stand.
    pub fn path(data: &Path) -> PathBuf {
        data.join("users.toml")
    }

    /// Reads the users of `data`; none, if there is no file yet.
    ///
    /// # Errors
    /// Says in words what can't be read.
    pub fn read(data: &Path) -> Result<Self, String> {
        let path = Self::path(data);
        let wrong = |why: String| format!("{}: {why}", path.display());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(wrong(error.to_string())),
        };
        let rows: BTreeMap<String, Row> =
            toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut users = BTreeMap::new();
        for (name, row) in rows {
            let about = |why: &dyn std::fmt::Display| wrong(format!("the user `{name}`: {why}"));
            let account = Account::parse(&name).map_err(|error| about(&error))?;
            if row.password.as_deref().is_some_and(|hash| !crate::password::is_known(hash)) {
                return Err(about(&"the password has none of the forms that can be checked"));
            }
            let scram =
                row.scram.map(|keys| keys.parse()).transpose().map_err(|error| about(&error))?;
            let quota = OwnQuota {
                storage: bound(row.storage.as_deref(), octets).map_err(|error| about(&error))?,
                messages: bound(row.messages.as_deref(), number).map_err(|error| about(&error))?,
            };
            users.insert(account, User { password: row.password.map(Secret::new), scram, quota });
        }
        Ok(Self(users))
    }

    /// Changes the users of `data`, one change at a time, and leaves the old file or the new one.
    ///
    /// # Errors
    /// Says in words what can't be done; nothing has changed then.
    pub fn change<T>(
        data: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let path = Self::path(data);
        let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
        durable::create_folder(data).map_err(wrong)?;
        let _lock = lock(&data.join("users.lock")).map_err(wrong)?;
        let mut users = Self::read(data)?;
        let outcome = change(&mut users)?;
        durable::write(&path, users.to_toml().as_bytes()).map_err(wrong)?;
        Ok(outcome)
    }

    fn to_toml(&self) -> String {
        let row = |user: &User| Row {
            password: user.password.as_ref().map(|hash| hash.expose().clone()),
            scram: user.scram.as_ref().map(ToString::to_string),
            storage: written(user.quota.storage, |octets| Size(octets).to_string()),
            messages: written(user.quota.messages, |messages| messages.to_string()),
        };
        let rows: BTreeMap<&str, Row> =
            self.0.iter().map(|(account, user)| (account.as_str(), row(user))).collect();
        toml::to_string(&rows).expect("strings are TOML")
    }
}

/// Reads a limit: `none`, or whatever `read` makes of it; that of all users, if it is absent or
/// `default`.
///
/// # Errors
/// Says in words why it is none.
pub fn bound(
    text: Option<&str>,
    read: impl FnOnce(&str) -> Result<u64, String>,
) -> Result<Bound, String> {
    match text {
        None | Some("default") => Ok(Bound::Default),
        Some("none") => Ok(Bound::None),
        Some(text) => read(text).map(Bound::At),
    }
}

/// Reads a number of octets.
///
/// # Errors
/// Says in words why it is none.
pub fn octets(text: &str) -> Result<u64, String> {
    text.parse::<Size>().map(|size| size.0)
}

/// Reads a number of messages.
///
/// # Errors
/// Says in words why it is none.
pub fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number of messages"))
}

/// What [`bound`] reads, unless it is that of all users.
pub fn written(bound: Bound, write: impl FnOnce(u64) -> String) -> Option<String> {
    match bound {
        Bound::Default => None,
        Bound::None => Some("none".into()),
        Bound::At(limit) => Some(write(limit)),
    }
}

/// Held until dropped.
fn lock(path: &Path) -> std::io::Result<File> {
    let file = durable::open_lock(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}
