//! Lengths of time as users write them.

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Quantity, split};

/// A length of time, at least a millisecond and at most a year, written `250ms`, `60s`, `5m`, `2h` or `1d`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]+(ms|s|m|h|d)$"))]
pub struct Span(Duration);

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const YEAR_MS: u64 = 365 * 86_400_000;

impl Span {
    /// `seconds` seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The same as the standard library's type.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }

    /// The length in milliseconds, the unit of every time option of SecretFlow and SPU.
    #[must_use]
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).expect("a span is at most a year")
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "a duration is a number with `ms`, `s`, `m`, `h` or `d`, from 1ms to 365d, such as `60s`; not `{text}`"
            )
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        let millis = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
        let millis = millis.filter(|ms| (1..=YEAR_MS).contains(ms)).ok_or_else(wrong)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl Quantity for Span {
    fn advice(text: &str) -> String {
        let plain =
            || "write a whole number with `ms`, `s`, `m`, `h` or `d`, such as `60s`".to_owned();
        let Some((thousandths, unit)) = split(text) else { return plain() };
        let unit = match unit.as_str() {
            "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            _ => return plain(),
        };
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map_or(1, |(_, factor)| *factor);
        let millis = thousandths.saturating_mul(u128::from(factor)) / 1000;
        match u64::try_from(millis) {
            Ok(0) => "write `1ms` or more".to_owned(),
            Ok(millis) if millis <= YEAR_MS && thousandths.is_multiple_of(1000) => {
                format!("write `{}{unit}`", thousandths / 1000)
            }
            Ok(millis) if millis <= YEAR_MS => {
                format!("write `{}`", Self(Duration::from_millis(millis)))
            }
            _ => "write `365d` or less".to_owned(),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.millis();
        let (unit, factor) = UNITS
            .iter()
            .rev()
            .find(|(_, factor)| millis.is_multiple_of(*factor))
            .expect("1 ms divides all");
        write!(f, "{}{unit}", millis / factor)
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        for (text, millis) in [("250ms", 250), ("60s", 60_000), ("5m", 300_000), ("2h", 7_200_000)]
        {
            let span = text.parse::<Span>().unwrap();
            assert_eq!(
                (span.millis(), span.to_string().as_str()),
                (millis, if text == "60s" { "1m" } else { text })
            );
        }
        for bad in ["", "60", "s", "1.5s", "-1s", "0s", "1w", "366d", "99999999999999999999s"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_advice_for_a_wrong_duration_is_a_right_one() {
        for (wrong, right) in [
            ("60", "60s"),
            ("1.5s", "1500ms"),
            ("0.5 h", "30m"),
            ("60 sec", "60s"),
            ("5min", "5m"),
            ("2H", "2h"),
            ("99999h", "365d"),
            ("0s", "1ms"),
            ("0.0001s", "60s"),
            ("-1s", "60s"),
            ("soon", "60s"),
            ("", "60s"),
        ] {
            assert!(wrong.parse::<Span>().is_err() && right.parse::<Span>().is_ok());
            let advice = Span::advice(wrong);
            assert!(advice.contains(&format!("`{right}`")), "{wrong}: {advice}");
        }
    }
}
