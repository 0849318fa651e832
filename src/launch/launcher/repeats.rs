//! What strangers and peers make a launcher say, bounded: one line per source and reason, then a count.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

/// How long repetitions are counted before the count is told.
const PERIOD: Duration = Duration::from_mins(1);
/// How many sources are told apart in that time, and how many reasons of each; the others are counted together.
const SOURCES: usize = 64;
const REASONS: usize = 8;
/// A longer reason is cut: texts of peers may be of any length.
const LONGEST: usize = 400;
const OTHERS: &str = "others";

/// Counts what was said within a period.
#[derive(Default)]
pub(super) struct Repeats {
    sources: BTreeMap<String, BTreeMap<String, Count>>,
    until: Option<Instant>,
}

#[derive(Default)]
struct Count {
    told: u32,
    held_back: u64,
}

impl Repeats {
    /// Takes in that `source` gave cause to say `reason`, which is told the first `told` times, and counted then.
    /// Returns the reason where it is to be told now, cut where it is long.
    pub(super) fn note(
        &mut self,
        source: &str,
        reason: &str,
        told: u32,
        now: Instant,
    ) -> Option<String> {
        self.until.get_or_insert(now + PERIOD);
        let is_known = self.sources.contains_key(source) || self.sources.len() < SOURCES;
        let source = if is_known { source } else { OTHERS };
        let mut reason: String = reason.chars().take(LONGEST).collect();
        let reasons = self.sources.entry(source.to_owned()).or_default();
        if !reasons.contains_key(&reason) && reasons.len() >= REASONS {
            reason = format!("gives more reasons than the {REASONS} that are told one by one");
        }
        let count = reasons.entry(reason.clone()).or_default();
        if count.told < told {
            count.told += 1;
            return Some(reason);
        }
        count.held_back += 1;
        None
    }

    /// When [`Repeats::due`] has something to tell.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// The counts of a period that is over, each as a line.
    pub(super) fn due(&mut self, now: Instant) -> Vec<String> {
        if self.until.is_none_or(|until| now < until) {
            return Vec::new();
        }
        self.take(&format!(" within {} s", PERIOD.as_secs()))
    }

    /// The counts of a period that is cut short, each as a line.
    pub(super) fn rest(&mut self) -> Vec<String> {
        self.take("")
    }

    fn take(&mut self, within: &str) -> Vec<String> {
        self.until = None;
        let mut lines = Vec::new();
        for (source, reasons) in std::mem::take(&mut self.sources) {
            let held_back = reasons.into_iter().filter(|(_, count)| count.held_back > 0);
            lines.extend(held_back.map(|(reason, count)| {
                let times = if count.held_back == 1 { "time" } else { "times" };
                format!("{source} {reason} ({} more {times}{within})", count.held_back)
            }));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_kind_is_a_line_and_a_count() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        let told: Vec<_> = (0..20_000)
            .filter_map(|_| repeats.note("192.0.2.1", "does not speak TLS", 1, now))
            .collect();
        assert_eq!(told, ["does not speak TLS"]);
        assert!(repeats.due(now).is_empty());
        let later = repeats.deadline().unwrap();
        let count = "192.0.2.1 does not speak TLS (19999 more times within 60 s)";
        assert_eq!(repeats.due(later), [count]);
        assert_eq!(repeats.deadline(), None, "what was told is forgotten");
        assert!(repeats.note("192.0.2.1", "does not speak TLS", 1, later).is_some());
    }

    #[test]
    fn what_is_held_back_when_a_launcher_ends_is_told_then() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        (0..3).for_each(|_| drop(repeats.note("192.0.2.1", "does not speak TLS", 1, now)));
        assert_eq!(repeats.rest(), ["192.0.2.1 does not speak TLS (2 more times)"]);
        assert!(repeats.rest().is_empty());
    }

    #[test]
    fn many_sources_and_reasons_and_long_texts_are_bounded_too() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        let long = "x".repeat(1 << 20);
        let mut told = Vec::new();
        for n in 0..1000 {
            told.extend(repeats.note(&format!("source {n}"), "is no peer", 1, now));
            told.extend(repeats.note("alice", &format!("has left: {n} {long}"), 5, now));
        }
        let bytes: usize = told.iter().map(String::len).sum();
        assert!(told.len() <= SOURCES + REASONS + 10 && bytes < 100_000, "{} {bytes}", told.len());
        let counts = repeats.due(repeats.deadline().unwrap());
        assert!(counts.len() <= 4, "{counts:?}");
        assert!(counts.iter().any(|line| line.starts_with("others is no peer (")), "{counts:?}");
        let more = "alice gives more reasons than the 8 that are told one by one (";
        assert!(counts.iter().any(|line| line.starts_with(more)), "{counts:?}");
    }
}
