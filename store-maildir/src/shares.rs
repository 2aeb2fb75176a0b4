//! Who shares with whom: an index beside the accounts, so that nobody looks through all of them. It
//! may name too many, never too few of those that were given rights through this store; removing
//! it has it made anew.

use crate::account::Home;
use crate::files::{Errno, failed, join, read_whole};
use crate::shared::Shared;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Failure};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The index: `owner name` a line, where the name is an address or a word for several users.
const FILE: &str = "postroad-shares";

type Shares = BTreeSet<(Account, String)>;

/// The accounts that may let `user` see a mailbox, ascending.
pub(crate) fn of(shared: &Arc<Shared>, user: &Account) -> Result<Vec<Account>, Failure> {
    let is_meant = |name: &str| name == user.as_str() || matches!(name, "anyone" | "authenticated");
    let shares = read(shared)?.into_iter();
    let owners = shares.filter(|(owner, name)| owner != user && is_meant(name));
    let owners: BTreeSet<Account> = owners.map(|(owner, _)| owner).collect();
    Ok(owners.into_iter().collect())
}

/// Takes down that an account shares with someone.
pub(crate) fn add(shared: &Arc<Shared>, owner: &Account, name: &str) -> Result<(), Failure> {
    let path = shared.root.join("postroad-shares.lock");
    let _lock = shared.lock_file(&path)?;
    let mut shares = read_or_make(shared)?;
    if shares.insert((owner.clone(), name.to_owned())) { write(shared, &shares) } else { Ok(()) }
}

/// Takes down anew with whom an account shares.
pub(crate) fn refresh(shared: &Arc<Shared>, owner: &Account, home: &Home) -> Result<(), Failure> {
    let path = shared.root.join("postroad-shares.lock");
    let _lock = shared.lock_file(&path)?;
    let before = read_or_make(shared)?;
    let mut shares = before.clone();
    shares.retain(|(other, _)| other != owner);
    shares.extend(home.shared_with()?.into_iter().map(|name| (owner.clone(), name)));
    if shares == before { Ok(()) } else { write(shared, &shares) }
}

fn read(shared: &Arc<Shared>) -> Result<Shares, Failure> {
    match shared.files.stat(&shared.root.join(FILE)) {
        Ok(_) => parse(shared),
        Err(Errno::NOENT) => {
            let path = shared.root.join("postroad-shares.lock");
            let _lock = shared.lock_file(&path)?;
            read_or_make(shared)
        }
        Err(errno) => Err(failed(&shared.root)(errno)),
    }
}

fn parse(shared: &Shared) -> Result<Shares, Failure> {
    let text = read_whole(&*shared.files, &shared.root.join(FILE))?;
    let line = |line: &str| {
        let (owner, name) = line.split_once(' ')?;
        Some((Account::parse(owner).ok()?, name.to_owned()))
    };
    Ok(String::from_utf8_lossy(&text).lines().filter_map(line).collect())
}

/// The index, made if it is missing; the caller has its lock.
fn read_or_make(shared: &Arc<Shared>) -> Result<Shares, Failure> {
    if shared.files.stat(&shared.root.join(FILE)).is_ok() {
        return parse(shared);
    }
    let mut shares = Shares::new();
    let files = &shared.files;
    for domain in files.list(&shared.root).map_err(failed(&shared.root))? {
        let folder = join(&shared.root, &domain);
        for local_part in files.list(&folder).unwrap_or_default() {
            let address = [&local_part[..], b"@", &domain].concat();
            let account = String::from_utf8(address).ok().and_then(|it| Account::parse(&it).ok());
            if let Some(account) = account
                && let Some(home) = Home::find(shared, &account)?
            {
                let names = home.shared_with()?;
                shares.extend(names.into_iter().map(|name| (account.clone(), name)));
            }
        }
    }
    write(shared, &shares)?;
    Ok(shares)
}

fn write(shared: &Shared, shares: &Shares) -> Result<(), Failure> {
    let text: String = shares.iter().map(|(owner, name)| format!("{owner} {name}\n")).collect();
    let (path, spare) =
        (shared.root.join(FILE), shared.root.join(format!("{FILE}.{}", shared.unique())));
    let files = &*shared.files;
    let replace = || {
        let mut file = files.create(&spare)?;
        file.write(text.as_bytes())?;
        file.sync()?;
        files.rename(&spare, &path)?;
        files.sync_folder(&shared.root)
    };
    replace().map_err(|errno| {
        let _ = files.remove(&spare);
        failed(&path)(errno)
    })
}

/// With what an account that no one asked about before is found.
pub(crate) fn home(
    shared: &Arc<Shared>,
    account: &Account,
    user: &Account,
    now: Instant,
) -> Result<Option<Home>, Failure> {
    match account == user {
        true => Home::open(shared, account, now).map(Some),
        // Nobody gets an account by others' asking.
        false => Home::find(shared, account),
    }
}
