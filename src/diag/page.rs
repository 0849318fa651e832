//! Pages: what `sfgen explain` prints about a code.

use super::Code;

/// A code with its page. It stands beside the module that raises the code.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// The page, in Markdown.
    pub text: &'static str,
}

/// The page in the file that is named after the code, beside the caller's file or in a folder there: `page!("SF0001")`,
/// `page!("folder", "SF0001")`.
macro_rules! page {
    ($code:literal) => {
        $crate::diag::Page {
            code: $crate::diag::Code($code),
            text: include_str!(concat!($code, ".md")),
        }
    };
    ($folder:literal, $code:literal) => {
        $crate::diag::Page {
            code: $crate::diag::Code($code),
            text: include_str!(concat!($folder, "/", $code, ".md")),
        }
    };
}

pub(crate) use page;
