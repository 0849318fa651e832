//! What was read of something that may not have been readable as a whole.

use std::ops::Deref;

/// What could be read of something, and whether that is all that is written.
///
/// It dereferences to what could be read. Code that concludes something from what is absent must ask
/// [`is_whole`](Self::is_whole) first: what could not be read was reported already, and a finding about its consequences
/// would be a second one about the same mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial<T> {
    read: T,
    is_whole: bool,
}

impl<T> Partial<T> {
    /// What was read, and whether that is all.
    pub const fn new(read: T, is_whole: bool) -> Self {
        Self { read, is_whole }
    }

    /// Whether all that is written could be read, so that what is absent is not written.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// What was read, to be changed.
    pub const fn read_mut(&mut self) -> &mut T {
        &mut self.read
    }

    /// What was read, one after the other.
    pub fn iter<'a>(&'a self) -> <&'a T as IntoIterator>::IntoIter
    where
        &'a T: IntoIterator,
    {
        self.into_iter()
    }
}

impl<T> Deref for Partial<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.read
    }
}

impl<'a, T> IntoIterator for &'a Partial<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.read.into_iter()
    }
}
