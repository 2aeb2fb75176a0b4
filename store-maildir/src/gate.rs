//! Files whose syncs of folders wait for a test.

use crate::altered::Altered;
use crate::{Files, RealFiles, Result};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

/// The real file system, whose syncs of folders wait until they are let go.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    let_go: Arc<(Mutex<Vec<Result<()>>>, Condvar)>,
}

impl Gate {
    /// Lets one sync go, and come to `outcome`.
    pub(crate) fn let_go(&self, outcome: Result<()>) {
        self.let_go.0.lock().unwrap().push(outcome);
        self.let_go.1.notify_all();
    }
}

impl Altered for Gate {
    fn sync_folder(&self, path: &Path) -> Result<()> {
        let (outcomes, came) = &*self.let_go;
        let waiting = came.wait_while(outcomes.lock().unwrap(), |outcomes| outcomes.is_empty());
        waiting.unwrap().remove(0)?;
        RealFiles.sync_folder(path)
    }
}
