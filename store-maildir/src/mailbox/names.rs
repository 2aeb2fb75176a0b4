//! Where a message's file is. Names are not kept in memory: the UID map has them, and the flags
//! tell the rest. Only what another program has named in its own way is kept.

use super::{Mailbox, Place};
use crate::files::{failed, join};
use crate::name::{Base, FileName};
use crate::uid_map::{self, Records};
use postroad_core::store::{Failure, Flags, Uid};
use std::path::PathBuf;

/// No record is here.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Where a message's file should be.
pub(super) struct Located {
    pub(super) place: Place,
    pub(super) name: FileName,
}

impl Place {
    /// The flags that stand in a name here, if we have given it.
    const fn info(self, flags: Flags) -> Option<Flags> {
        match self {
            Self::New => None,
            Self::Cur => Some(flags),
        }
    }
}

impl Mailbox {
    /// The records of the UID map, for one piece of work.
    pub(super) fn records(&self) -> Records {
        Records::new(self.folder.join(uid_map::FILE))
    }

    /// The path of a file.
    pub(super) fn path(&self, place: Place, name: &FileName) -> PathBuf {
        join(&self.folder.join(place.folder()), name.as_bytes())
    }

    /// Where a message's file should be; `None` if there is no such message, or if that can only be
    /// found out by another look at the folder.
    pub(super) fn locate(
        &self,
        records: &mut Records,
        uid: Uid,
    ) -> Result<Option<Located>, Failure> {
        let (Some(kept), Some(entry)) = (self.ledger.kept(uid), self.ledger.get(uid)) else {
            return Ok(None);
        };
        let place = kept.place;
        if let Some(name) = self.odd.get(&uid) {
            return Ok(Some(Located { place, name: name.clone() }));
        }
        let base = self.base(records, uid, kept.record)?;
        let name = base.map(|base| FileName::plain(&base, place.info(entry.flags)));
        Ok(name.map(|name| Located { place, name }))
    }

    /// Where a message's file should be, with the help of what was read for the message before.
    pub(super) fn locate_next(&mut self, uid: Uid) -> Result<Option<Located>, Failure> {
        let map = self.map.stat.map(|stat| stat.inode);
        let mut records = match self.reading.take() {
            Some((inode, records)) if Some(inode) == map => records,
            _ => self.records(),
        };
        let located = self.locate(&mut records, uid);
        self.reading = map.map(|inode| (inode, records));
        located
    }

    fn base(&self, records: &mut Records, uid: Uid, offset: u32) -> Result<Option<Base>, Failure> {
        if offset == NOWHERE {
            return Ok(None);
        }
        let base = records.base(self.files(), offset, uid);
        base.map_err(failed(records.path()))
    }

    /// The name without flags of a message's file, as it is in the folder.
    pub(super) fn base_of(&self, records: &mut Records, uid: Uid) -> Result<Option<Base>, Failure> {
        match (self.odd.get(&uid), self.ledger.kept(uid)) {
            (Some(name), _) => Ok(Some(Base::new(name.base()))),
            (None, Some(kept)) => self.base(records, uid, kept.record),
            (None, None) => Ok(None),
        }
    }

    /// Takes into the books where a message's file is, whose record in the map has `base` for its
    /// name.
    pub(super) fn place(
        &mut self,
        uid: Uid,
        (offset, base): (u64, &[u8]),
        (place, name): (Place, FileName),
        flags: Flags,
    ) {
        let record = u32::try_from(offset).unwrap_or(NOWHERE);
        let plain =
            record != NOWHERE && name.base() == base && name.has_plain_info(place.info(flags));
        let mut changed = match plain {
            true => self.odd.remove(&uid).is_some(),
            false if self.odd.get(&uid) == Some(&name) => false,
            false => {
                self.odd.insert(uid, name);
                true
            }
        };
        if let Some(kept) = self.ledger.kept_mut(uid) {
            changed |= kept.record != record || kept.place != place;
            kept.record = record;
            kept.place = place;
        }
        if changed {
            self.notes.touch(uid);
        }
    }

    /// Takes into the books that we have named a message's file anew, in `cur` and with these flags.
    pub(super) fn settle(&mut self, uid: Uid, name: FileName, flags: Flags) {
        // Whether the record has this name is asked only of those for which it was in doubt.
        let plain = name.has_plain_info(Some(flags))
            && (!self.odd.contains_key(&uid) || self.is_recorded(uid, &name));
        if plain {
            self.odd.remove(&uid);
        } else {
            self.odd.insert(uid, name);
        }
        if let Some(kept) = self.ledger.kept_mut(uid) {
            kept.place = Place::Cur;
        }
        self.notes.touch(uid);
    }

    /// Takes into the books that the record of a message stands elsewhere now, with the name that its
    /// file has.
    pub(super) fn move_record(&mut self, uid: Uid, offset: u64) {
        let record = u32::try_from(offset).unwrap_or(NOWHERE);
        if let Some(kept) = self.ledger.kept_mut(uid) {
            kept.record = record;
        }
        self.notes.touch(uid);
        let Some((entry, kept)) = self.ledger.get(uid).zip(self.ledger.kept(uid)) else {
            return;
        };
        let info = kept.place.info(entry.flags);
        if record != NOWHERE && self.odd.get(&uid).is_some_and(|name| name.has_plain_info(info)) {
            self.odd.remove(&uid);
        }
    }

    fn is_recorded(&self, uid: Uid, name: &FileName) -> bool {
        let record = self.ledger.kept(uid).map_or(NOWHERE, |kept| kept.record);
        let base = self.base(&mut self.records(), uid, record);
        base.is_ok_and(|base| base.is_some_and(|base| base.as_bytes() == name.base()))
    }
}
