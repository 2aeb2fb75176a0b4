//! Messages delivered into mailboxes, one or many at a time.

use super::Session;
use super::filing::{NOTHING_WRITTEN, lost, seconds};
use crate::account::Home;
use crate::berth::Slot;
use crate::draft::Written;
use crate::mailbox::{Filing, Mailbox};
use crate::quota::{Change, Weight};
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Atomicity, Failure, Target};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;

/// What a delivery has come to in each folder.
type Outcomes = BTreeMap<PathBuf, Result<(), Failure>>;

impl Session {
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        id: &str,
        targets: &[Target],
        atomicity: Atomicity,
    ) -> Result<Answer, Failure> {
        let draft = self.draft.take().ok_or(NOTHING_WRITTEN)?;
        // Each mailbox once, in the order in which whoever locks more than one locks them.
        let mut folders: BTreeMap<PathBuf, Result<Home, Failure>> = BTreeMap::new();
        let mut places = Vec::with_capacity(targets.len());
        let mut bill = Bill::new(draft.sizes().raw);
        for target in targets {
            let home = self.home(&target.account, now)?;
            let folder = home.folder(&target.mailbox);
            places.push(folder.clone());
            let room = self.with(now, &home, &folder, |_, mailbox| {
                if !mailbox.was_delivered(now, id)? {
                    bill.add(now, &target.account, &home, &folder)?;
                }
                Ok(())
            });
            if let Err(failure) = &room
                && atomicity == Atomicity::All
            {
                return Err(failure.clone());
            }
            folders.insert(folder, room.map(|()| home));
        }
        let written = draft.finish(seconds(now))?;
        let outcomes = self.deliver_into(now, folders, id, &written, atomicity)?;
        bill.settle(&outcomes);
        let outcome = |folder| outcomes.get(folder).cloned().unwrap_or_else(|| Err(lost()));
        Ok(Answer::Delivered(places.iter().map(outcome).collect()))
    }

    /// Delivers a finished message into every mailbox. It is shown in none before it is on stable
    /// storage in that one; with [`Atomicity::All`], in all of them.
    fn deliver_into(
        &mut self,
        now: Instant,
        folders: BTreeMap<PathBuf, Result<Home, Failure>>,
        id: &str,
        written: &Written,
        atomicity: Atomicity,
    ) -> Result<Outcomes, Failure> {
        let shared = self.shared.clone();
        let mut outcomes = Outcomes::new();
        let (mut placed, mut held) = (Vec::new(), Vec::new());
        for (folder, home) in folders {
            // A delivery that is repeated meanwhile must not be taken for one that is done.
            held.push(shared.deliveries.hold((folder.clone(), id.into())));
            let filing = home.and_then(|home| {
                self.with(now, &home, &folder, |slot, mailbox| {
                    let filing = mailbox.place_delivery(now, id, written)?;
                    Ok((slot.clone(), filing))
                })
            });
            match filing {
                Ok(one) => placed.push((folder, one)),
                Err(failure) if atomicity == Atomicity::All => {
                    let placed = placed.into_iter().map(|(_, one)| one).collect();
                    return self.arrive(placed, Err(failure)).map(|()| outcomes);
                }
                Err(failure) => drop(outcomes.insert(folder, Err(failure))),
            }
        }
        let sync = |(_, (slot, filing)): &(PathBuf, (Slot, Filing))| slot.sync(filing);
        let synced: Vec<_> = placed.iter().map(sync).collect();
        if atomicity == Atomicity::Each {
            for ((folder, one), synced) in placed.into_iter().zip(synced) {
                outcomes.insert(folder, self.arrive(vec![one], synced));
            }
        } else {
            let (folders, placed): (Vec<_>, _) = placed.into_iter().unzip();
            self.arrive(placed, synced.into_iter().collect())?;
            outcomes.extend(folders.into_iter().map(|folder| (folder, Ok(()))));
        }
        Ok(outcomes)
    }

    /// Shows a message in all of these mailboxes if all is well, or else removes it.
    fn arrive(
        &mut self,
        placed: Vec<(Slot, Filing)>,
        synced: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (slots, filings): (Vec<_>, Vec<_>) = placed.into_iter().unzip();
        let mut guards: Vec<_> = slots.iter().map(|slot| slot.lock()).collect();
        let is_placed = |(guard, filing): (&mut MutexGuard<'_, Option<Mailbox>>, &Filing)| {
            guard.as_mut().ok_or(Failure::NoMailbox)?.is_placed(filing)
        };
        let arrived = synced.and_then(|()| guards.iter_mut().zip(&filings).try_for_each(is_placed));
        let arrived = arrived.map_err(|failure| match failure {
            // Whoever delivers it again sees whether there is one of that name now.
            Failure::NoMailbox => Failure::Io("the mailbox went away during a delivery".into()),
            failure => failure,
        });
        for (guard, filing) in guards.iter_mut().zip(filings) {
            match guard.as_mut() {
                Some(mailbox) if arrived.is_ok() => {
                    mailbox.arrive(filing);
                    self.news.extend(mailbox.ledger.watchers(None));
                }
                Some(mailbox) => mailbox.take_back(filing),
                // What was filed in it goes with it.
                None => drop(filing),
            }
        }
        arrived
    }
}

/// Who gets a message of one size, and into which folders.
struct Bill {
    size: u64,
    items: BTreeMap<Account, (Home, Vec<PathBuf>)>,
}

impl Bill {
    const fn new(size: u64) -> Self {
        Self { size, items: BTreeMap::new() }
    }

    fn weight(&self, copies: usize) -> Weight {
        Weight::of(std::iter::repeat_n(self.size, copies))
    }

    /// Puts a folder of an account on the bill, if there is room.
    fn add(
        &mut self,
        now: Instant,
        account: &Account,
        home: &Home,
        folder: &Path,
    ) -> Result<(), Failure> {
        let folders = self.items.get(account).map_or(&[][..], |(_, folders)| folders);
        if folders.iter().any(|known| known == folder) {
            return Ok(());
        }
        home.check_room(now, self.weight(folders.len() + 1))?;
        let (_, folders) = self.items.entry(account.clone()).or_insert((home.clone(), Vec::new()));
        folders.push(folder.into());
        Ok(())
    }

    /// Notes what has come.
    fn settle(&self, outcomes: &BTreeMap<PathBuf, Result<(), Failure>>) {
        for (home, folders) in self.items.values() {
            let came = |folder: &&PathBuf| outcomes.get(*folder).is_some_and(Result::is_ok);
            home.note(Change::Came, self.weight(folders.iter().filter(came).count()));
        }
    }
}
