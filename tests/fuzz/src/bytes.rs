//! Bytes taken as choices, numbers and texts; where they end, everything is zero.

use decnet_db::time::Timestamp;

/// The rest of the bytes.
pub(crate) struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `end`, at most 65,535.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let number =
            if end > 256 { u16::from_le_bytes([self.byte(), self.byte()]) } else { self.byte().into() };
        usize::from(number) % end.max(1)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    pub(crate) fn take(&mut self, length: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) fn int(&mut self) -> i64 {
        let mut all = [0; 8];
        let taken = self.take(8);
        all[..taken.len()].copy_from_slice(taken);
        i64::from_le_bytes(all)
    }

    pub(crate) fn float(&mut self) -> f64 {
        f64::from_bits(self.int().cast_unsigned())
    }

    /// A text of at most 255 bytes.
    pub(crate) fn text(&mut self) -> String {
        let length = self.byte().into();
        String::from_utf8_lossy(self.take(length)).into_owned()
    }

    /// An instant, the first one where the number is none.
    pub(crate) fn time(&mut self) -> Timestamp {
        Timestamp::from_microseconds(self.int()).unwrap_or(Timestamp::MIN)
    }
}
