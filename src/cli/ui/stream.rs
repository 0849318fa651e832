//! Writing to a stream whose reader may go away, and whose disk may be full.

use std::{
    io,
    sync::{Arc, OnceLock},
};

/// The first error of writing to a stream.
pub(super) type Lost = Arc<OnceLock<io::Error>>;

/// Writes a text, and keeps the error. A reader that has gone away (`sfgen plan | head`) wants no more, which is none, and
/// no reason to stop the work half way.
pub(super) fn write(mut to: impl io::Write, text: &[u8], lost: &Lost) {
    let written = to.write_all(text).and_then(|()| to.flush());
    if let Some(why) = written.err().filter(|why| why.kind() != io::ErrorKind::BrokenPipe) {
        let _ = lost.set(why); // the first one is told
    }
}
