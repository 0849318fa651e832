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
    SF0014
    SF0015
    SF0020
    SF0101
    SF0102
    SF0103
    SF0210
    SF0215
    SF0510
    SF0511
    SF0512
    SF0601
    SF0602
    SF0603
    SF0604
    SF0605
    SF0606
    SF0607
    SF0608
    SF0609
    SF0610
    SF0611
    SF0701
    SF0702
    SF0703
    SF0704
    SF0705
    SF0706
    SF0707
    SF0801
    SF0802
    SF0803
    SF0804
    SF0805
    SF0806
    SF0807
    SF0808
    SF0809
    SF0820
    SF0821
    SF0822
    SF0823
    SF0824
    SF0825
    SF0826
    SF0827
    SF0828
    SF0829
    SF0830
    SF0831
    SF0832
    SF0833
    SF0834
    SF0835
    SF0836
    SF0840
    SF0841
    SF0842
    SF0843
    SF0844
    SF0845
    SF0846
    SF0847
    SF0848
    SF0849
    SF0870
    SF0871
    SF0872
    SF0873
    SF0874
    SF0875
    SF0876
    SF0877
    SF0880
    SF0881
    SF0890
    SF0891
    SF0892
    SF0893
    SF0894
    SF0895
    SF0896
    SF0897
    SF0898
    SF0899
    SF1001
    SF1100
}
