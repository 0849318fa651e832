//! The pages of findings that no check of the topology makes: syntax, names, lock, tree, launch.
//!
//! The pages of checks stand beside the checks (`check::CHECKS`).

use super::Code;

/// What `sfgen explain CODE` prints.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// The page, in Markdown.
    pub text: &'static str,
}

macro_rules! pages {
    ($($code:ident)*) => {
        /// Every page here, sorted by code.
        pub const PAGES: &[Page] = &[$(
            Page { code: Code(stringify!($code)), text: include_str!(concat!("pages/", stringify!($code), ".md")) },
        )*];
    };
}

pages! {
    SF0001
    SF0002
    SF0003
    SF0004
    SF0005
    SF0006
    SF0007
    SF0008
    SF0009
    SF0010
    SF0011
    SF0012
    SF0013
    SF0101
    SF0102
    SF0103
    SF0210
    SF0510
    SF0511
    SF0512
    SF0601
    SF0602
    SF0603
    SF0701
    SF0702
    SF0703
    SF0704
    SF0705
    SF0706
    SF0801
    SF0802
    SF0803
    SF0804
    SF0805
    SF0806
    SF0807
    SF0808
    SF0809
}
