//! Amounts of memory as users write them.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Quantity, split};

/// An amount of bytes, at least one and below 2^63, written `200MiB`, `2GiB` or, in powers of ten, `2GB`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]+(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"))]
pub struct Size(u64);

const UNITS: [(&str, u64); 10] = [
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

impl Size {
    /// `count` MiB.
    #[must_use]
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// The amount in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "a size is a whole number with `MiB`, `GiB`, `MB` or `GB`, such as `2GiB`; not `{text}`"
            )
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        if number.is_empty() {
            return Err(wrong());
        }
        // Digits that are no `u64` are too many.
        let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
        match bytes {
            Some(0) => Err(format!("a size is at least `1B`, not `{text}`")),
            Some(bytes) if bytes < 1 << 63 => Ok(Self(bytes)),
            _ => Err(format!("`{text}` is more than any machine has")),
        }
    }
}

impl Quantity for Size {
    fn advice(text: &str) -> String {
        let plain =
            || "write a whole number with `MiB`, `GiB`, `MB` or `GB`, such as `2GiB`".to_owned();
        let Some((thousandths, unit)) = split(text) else { return plain() };
        let unit = match unit.as_str() {
            // Bare numbers are bytes where they are large, as in the runtimes' own options.
            "" if thousandths >= 1_000_000_000 => "B",
            "" | "m" | "mi" | "mib" => "MiB",
            "b" | "byte" | "bytes" => "B",
            "k" | "ki" | "kib" => "KiB",
            "g" | "gi" | "gib" => "GiB",
            "t" | "ti" | "tib" => "TiB",
            "kb" => "kB",
            "mb" => "MB",
            "gb" => "GB",
            "tb" => "TB",
            _ => return plain(),
        };
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map_or(1, |(_, factor)| *factor);
        let bytes = thousandths.saturating_mul(u128::from(factor)) / 1000;
        match u64::try_from(bytes) {
            Ok(0) => "write `1B` or more".to_owned(),
            Ok(bytes) if bytes < 1 << 63 && thousandths.is_multiple_of(1000) && unit != "B" => {
                format!("write `{}{unit}`", thousandths / 1000)
            }
            Ok(bytes) if bytes < 1 << 63 => format!("write `{}`", Self(bytes)),
            _ => "write less than `8388608TiB`, which is 2^63 bytes".to_owned(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS
            .iter()
            .rev()
            .find(|(_, factor)| self.0.is_multiple_of(*factor))
            .expect("1 B divides all");
        write!(f, "{}{unit}", self.0 / factor)
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit() {
        for (text, bytes) in [("200MiB", 200 << 20), ("2GiB", 2 << 30), ("2GB", 2_000_000_000)] {
            let size = text.parse::<Size>().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, text));
        }
        for bad in ["", "5", "GiB", "1.5GiB", "-1B", "0B", "2gib", "99999999999TiB"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_advice_for_a_wrong_size_is_a_right_one() {
        for (wrong, right) in [
            ("500", "500MiB"),
            ("524288000", "500MiB"),
            ("1.5GiB", "1536MiB"),
            ("2 GiB", "2GiB"),
            ("2G", "2GiB"),
            ("2gb", "2GB"),
            ("10mb", "10MB"),
            ("0B", "1B"),
            ("-1B", "2GiB"),
            ("lots", "2GiB"),
        ] {
            assert!(wrong.parse::<Size>().is_err() && right.parse::<Size>().is_ok());
            let advice = Size::advice(wrong);
            assert!(advice.contains(&format!("`{right}`")), "{wrong}: {advice}");
        }
        assert!(Size::advice("99999999999TiB").contains("2^63"));
    }
}
