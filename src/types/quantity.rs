//! What lengths of time and amounts of memory have in common: a number and a unit, which users write in many ways.

/// A number with a unit.
pub trait Quantity {
    /// The right way to write the quantity that `text` was probably meant to be, as a help; never the same text again.
    fn advice(text: &str) -> String;
}

/// The number in front of a text and the rest in lower case: `1.5 GiB` is 1500 thousandths of `gib`.
pub(super) fn split(text: &str) -> Option<(u128, String)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 3 || fraction.contains('.') {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse::<u128>().ok()?;
    let whole = whole.parse::<u128>().ok()?;
    let number = whole.checked_mul(1000)?.checked_add(thousandths)?;
    Some((number, unit.trim().to_ascii_lowercase()))
}
