//! `transcripts/INDEX.md` is what `postroad-conformance index` writes.

use postroad_conformance::index::index;
use std::fs;
use std::path::Path;

#[test]
fn the_index_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let written = fs::read_to_string(folder.join("INDEX.md")).unwrap_or_default();
    let now = index(&folder).expect("every transcript can be read");
    assert!(
        written == now,
        "run `cargo run -p postroad-conformance -- index conformance/transcripts`"
    );
}
