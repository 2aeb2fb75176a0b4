//! What is in force while the server runs: read anew when the users' file has changed, and on
//! SIGHUP.

use crate::certificate::{self, Files};
use crate::send::access::password;
use crate::settings::Settings;
use crate::users::Users;
use postroad_core::role::{Report, Site};
use postroad_core::sasl::Credentials;
use postroad_runtime_std::clock;
use postroad_runtime_std::host::Log;
use postroad_runtime_std::server::Live;
use postroad_store_maildir::Maildirs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Where what is in force comes from.
pub struct Source {
    /// The configuration's file, which SIGHUP reads again.
    pub file: Option<PathBuf>,
    /// The data folder.
    pub data: PathBuf,
    /// What hides who exists.
    pub secret: [u8; 32],
    /// The mail, whose quotas change with the users.
    pub maildirs: Maildirs,
    /// Where changes are told.
    pub log: Log,
}

/// What is in force.
pub struct Current {
    source: Source,
    state: Mutex<State>,
}

struct State {
    settings: Settings,
    live: Arc<Live>,
    stamp: Option<Stamp>,
}

/// What changes when a file does: its inode, size and times.
type Stamp = (u64, u64, i64, i64);

impl Current {
    /// What `settings` put into force.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn new(settings: Settings, source: Source) -> Result<Self, String> {
        let stamp = source.stamp();
        let live = source.read(&settings)?;
        Ok(Self { source, state: Mutex::new(State { settings, live, stamp }) })
    }

    /// What is in force now. Of a users' file that can't be read, the old content stays in force.
    pub fn get(&self) -> Arc<Live> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.source.stamp();
        if stamp != state.stamp {
            state.stamp = stamp;
            let read = self.source.read(&state.settings);
            self.exchange(&mut state, read);
        }
        state.live.clone()
    }

    /// Reads users, aliases, limits and certificate again; what is wrong leaves everything as it
    /// is, but a users' file that has changed is still read at the next connection. Places to
    /// listen are taken only at a start.
    pub fn reload(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.source.stamp();
        let read = Settings::read(self.source.file.as_deref(), Some(&self.source.data));
        let read = read.and_then(|settings| {
            let live = self.source.read(&settings)?;
            (state.settings, state.stamp) = (settings, stamp);
            Ok(live)
        });
        self.exchange(&mut state, read);
    }

    fn exchange(&self, state: &mut State, read: Result<Arc<Live>, String>) {
        let report = match read {
            Ok(live) => {
                state.live = live;
                Report::new("reloaded")
            }
            Err(why) => Report::new("reload-failed").with("reason", why),
        };
        (self.source.log)(clock::now(), &report);
    }
}

impl Source {
    fn stamp(&self) -> Option<Stamp> {
        let file = std::fs::metadata(Users::path(&self.data)).ok()?;
        Some((file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
    }

    fn read(&self, settings: &Settings) -> Result<Arc<Live>, String> {
        let site = site(settings, self.secret)?;
        for why in site.directory.dangling_aliases() {
            (self.log)(clock::now(), &Report::new("dangling-alias").with("reason", why));
        }
        let (tls, outgoing) = (Files::of(settings)?.load()?, certificate::outgoing(settings)?);
        self.maildirs.set_allowances(site.allowances());
        Ok(Arc::new(Live { site: Arc::new(site), tls, outgoing }))
    }
}

/// The mail system that configuration and users' file make.
///
/// # Errors
/// Says in words what is wrong with them.
pub fn site(settings: &Settings, secret: [u8; 32]) -> Result<Site, String> {
    let mut site = Site::new(settings.config.clone(), secret).map_err(|why| why.to_string())?;
    for (account, user) in Users::read(&settings.data)?.0 {
        site.directory.add_user(account, user);
    }
    for (domain, route) in &settings.config.routes {
        if let (Some(user), Some(file)) = (&route.user, &route.password_file) {
            let password = password(Path::new(file))
                .map_err(|why| format!("[routes] password_file of `{domain}`: {why}"))?;
            let authcid = user.clone();
            site.routes.log_in(domain, Credentials::Password { authcid, authzid: None, password });
        }
    }
    Ok(site)
}
