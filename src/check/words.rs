//! Names as the words that they are made of.

/// The words of the name of a flag or variable, in lower case: `--out-dir`, `OUT_DIR` and `outDir` are `out` and `dir`.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let is_divider = matches!(c, '-' | '_' | '.');
        if is_divider || (was_lower && c.is_ascii_uppercase()) {
            parts.push(String::new());
        }
        if !is_divider {
            parts.last_mut().expect("there is a part").push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_divided_at_its_marks_and_at_capitals() {
        assert_eq!(parts("--out-dir"), ["out", "dir"]);
        assert_eq!(parts("AWS_SECRET_ACCESS_KEY"), ["aws", "secret", "access", "key"]);
        assert_eq!(parts("--NotebookApp.authToken"), ["notebook", "app", "auth", "token"]);
        assert_eq!(parts("-"), Vec::<String>::new());
    }
}
