//! Lines on their way out, written by a thread of their own, so that who does not read them holds up nobody.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::stream::{Lost, write};

/// How many bytes may wait to be written.
const MOST: usize = 1 << 20;
/// How long a full queue may hold up who speaks, in all, until half of it has been written. It is much shorter than the
/// silence after which peers take a launcher for dead.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the last lines may take without any of them being written.
const FAREWELL: Duration = Duration::from_secs(2);

/// A bounded queue of texts to one stream. Texts that find no room are left out, and counted.
#[derive(Debug)]
pub(super) struct OutputQueue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    texts: VecDeque<Vec<u8>>,
    /// Of the texts that wait, and of the one that is being written.
    bytes: usize,
    left_out: u64,
    /// How long the queue may still hold up who speaks.
    patience: Duration,
}

impl OutputQueue {
    /// Starts the thread that writes to `to`, and keeps its first error in `lost`. The thread ends with the process.
    pub(super) fn start(to: impl Write + Send + 'static, lost: Lost) -> std::io::Result<Self> {
        let state = State { texts: VecDeque::new(), bytes: 0, left_out: 0, patience: PATIENCE };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let writer = shared.clone();
        thread::Builder::new().name("output".to_owned()).spawn(move || writer.write(to, &lost))?;
        Ok(Self(shared))
    }

    /// Adds a text. Where there is no room for it within the patience, it is left out.
    pub(super) fn push(&self, text: Vec<u8>) {
        let mut state = self.0.lock();
        while state.bytes >= MOST && !state.patience.is_zero() {
            let (begun, patience) = (Instant::now(), state.patience);
            state = self.0.wait(state, patience);
            state.patience = state.patience.min(patience.saturating_sub(begun.elapsed()));
        }
        if state.bytes >= MOST {
            state.left_out += 1;
            return;
        }
        state.tell_left_out();
        state.add(text);
        self.0.changed.notify_all();
    }

    /// Waits until all is written, or nobody reads any more.
    pub(super) fn finish(&self) {
        let mut state = self.0.lock();
        state.tell_left_out();
        self.0.changed.notify_all();
        let (mut left, mut since) = (state.bytes, Instant::now());
        while state.bytes > 0 && since.elapsed() < FAREWELL {
            state = self.0.wait(state, FAREWELL.saturating_sub(since.elapsed()));
            if state.bytes != left {
                (left, since) = (state.bytes, Instant::now());
            }
        }
    }
}

impl State {
    fn add(&mut self, text: Vec<u8>) {
        self.bytes += text.len();
        self.texts.push_back(text);
    }

    fn tell_left_out(&mut self) {
        let count = std::mem::take(&mut self.left_out);
        if count > 0 {
            let told = format!("({count} lines are left out here, since nobody read them)\n");
            self.add(told.into_bytes());
        }
    }
}

impl Shared {
    /// A panic elsewhere leaves the queue as it is: each change of it is complete.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        let woken = self.changed.wait_timeout(state, limit);
        woken.unwrap_or_else(PoisonError::into_inner).0
    }

    fn write(&self, mut to: impl Write, lost: &Lost) {
        loop {
            let mut state = self.lock();
            let text = loop {
                match state.texts.pop_front() {
                    Some(text) => break text,
                    None => {
                        state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    }
                }
            };
            drop(state);
            write(&mut to, &text, lost);
            let mut state = self.lock();
            state.bytes -= text.len();
            if state.bytes <= MOST / 2 {
                state.patience = PATIENCE;
            }
            drop(state);
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::mpsc};

    use super::*;

    /// A stream that takes a text only when the test reads it.
    struct Slow(mpsc::SyncSender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.0.send(text).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_takes_a_break_costs_a_second_and_is_told_how_many_lines_it_missed() {
        let (sender, reader) = mpsc::sync_channel(0);
        let queue = OutputQueue::start(Slow(sender), Lost::default()).unwrap();
        let begun = Instant::now();
        let line = format!("{}\n", "x".repeat(1023));
        (0..2000).for_each(|_| queue.push(line.clone().into_bytes()));
        assert!(begun.elapsed() < PATIENCE * 2, "{:?}", begun.elapsed());
        for _ in 0..MOST / line.len() {
            assert_eq!(reader.recv().unwrap(), line);
        }
        queue.push(b"after\n".to_vec());
        let missed = format!("({} lines are left out here, since nobody read them)\n", 2000 - 1024);
        assert_eq!(reader.recv().unwrap(), missed);
        assert_eq!(reader.recv().unwrap(), "after\n");
    }

    #[test]
    fn the_last_lines_are_waited_for_as_long_as_somebody_reads() {
        let (sender, reader) = mpsc::sync_channel(0);
        let queue = OutputQueue::start(Slow(sender), Lost::default()).unwrap();
        (0..100).for_each(|n| queue.push(format!("{n}\n").into_bytes()));
        let read = thread::spawn(move || reader.iter().take(100).count());
        queue.finish();
        assert_eq!(read.join().unwrap(), 100);
    }

    #[test]
    fn the_last_lines_are_not_waited_for_where_nobody_reads() {
        let (sender, _reader) = mpsc::sync_channel(0);
        let queue = OutputQueue::start(Slow(sender), Lost::default()).unwrap();
        queue.push(b"lost\n".to_vec());
        let begun = Instant::now();
        queue.finish();
        assert!(begun.elapsed() >= FAREWELL && begun.elapsed() < FAREWELL * 2);
    }
    /// A stream whose disk is full.
    struct Full(io::ErrorKind);

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_text_that_cannot_be_written_is_known_at_the_end_and_one_that_nobody_wants_is_none() {
        for (kind, is_lost) in
            [(io::ErrorKind::StorageFull, true), (io::ErrorKind::BrokenPipe, false)]
        {
            let lost = Lost::default();
            let queue = OutputQueue::start(Full(kind), lost.clone()).unwrap();
            queue.push(b"sum 42\n".to_vec());
            queue.finish();
            assert_eq!(lost.get().is_some(), is_lost, "{kind}");
        }
    }
}
