//! What the lines of pip and uv say about how far an installation is. Pure.

/// Turns an installer's lines into one line per package.
#[derive(Debug)]
pub(super) struct Progress {
    total: usize,
    seen: usize,
}

impl Progress {
    /// For a list of requirements, of which each line that is neither a comment nor an option is one package.
    pub(super) fn of(requirements: &str) -> Self {
        let lines = requirements.lines().map(str::trim);
        let total = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '-'])).count();
        Self { total, seen: 0 }
    }

    /// What `line` is worth telling, `None` for most.
    pub(super) fn told(&mut self, line: &str) -> Option<String> {
        // Without a terminal pip indents all but these lines, and uv prints ` + name==version` at the very end.
        if let Some(package) = line.strip_prefix("Collecting ") {
            let package = package.split_whitespace().next()?;
            self.seen += 1;
            return Some(format!("package {} of {}: {package}", self.seen, self.total));
        }
        if line.starts_with("Installing collected packages: ") {
            return Some(format!("installing {} packages", self.seen));
        }
        let line = line.trim_start();
        // uv names only the large ones while it fetches them: `Downloading jaxlib (75.0MiB)`.
        if let Some((package, size)) =
            line.strip_prefix("Downloading ").and_then(|rest| rest.split_once(" ("))
            && !package.contains(".whl")
            && !package.contains(".tar")
        {
            return Some(format!("downloading {package}, {}", size.trim_end_matches(')')));
        }
        let done = ["Resolved ", "Prepared ", "Installed "];
        let is_count = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        let counted = done.iter().find_map(|verb| line.strip_prefix(verb))?.split_once(' ')?;
        (is_count(counted.0) && counted.1.starts_with("package")).then(|| line.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Vec<String> {
        let mut progress =
            Progress::of("# pinned\nnumpy==1.26.4 \\\n    --hash=sha256:00\n\nspu==0.9.4\n--pre\n");
        lines.iter().filter_map(|line| progress.told(line)).collect()
    }

    #[test]
    fn pip_tells_one_line_per_package() {
        let lines = [
            "Collecting numpy==1.26.4 (from -r /s/requirements.txt (line 2))",
            "  Downloading numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.whl (18.2 MB)",
            "Collecting spu==0.9.4 (from -r /s/requirements.txt (line 4))",
            "  Using cached spu-0.9.4-cp310-cp310-manylinux_2_28_x86_64.whl (31.0 MB)",
            "Installing collected packages: numpy, spu",
            "Successfully installed numpy-1.26.4 spu-0.9.4",
        ];
        assert_eq!(
            told(&lines),
            [
                "package 1 of 2: numpy==1.26.4",
                "package 2 of 2: spu==0.9.4",
                "installing 2 packages"
            ]
        );
    }

    #[test]
    fn uv_tells_the_large_packages_and_the_steps() {
        let lines = [
            "Using Python 3.10.13 environment at: /s/venv",
            "Resolved 2 packages in 120ms",
            "Downloading numpy (17.4MiB)",
            " Downloaded numpy",
            "Prepared 2 packages in 1.2s",
            "Installed 2 packages in 30ms",
            " + numpy==1.26.4",
        ];
        assert_eq!(
            told(&lines),
            [
                "resolved 2 packages in 120ms",
                "downloading numpy, 17.4MiB",
                "prepared 2 packages in 1.2s",
                "installed 2 packages in 30ms",
            ]
        );
    }
}
