//! Counting any number of values exactly, in bounded memory: in as many passes over them as that takes.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::top::{TopValue, TopValues};

/// Values, and bytes of their text, that are counted in one pass.
const VALUES: usize = 500_000;
const BYTES: usize = 64 << 20;

/// The values whose hash ends with the lowest `bits` of `end`: what is counted in one pass.
#[derive(Clone, Copy)]
struct Part {
    bits: u32,
    end: u64,
}

impl Part {
    fn has(self, hash: u64) -> bool {
        (hash ^ self.end) & ((1_u64 << self.bits) - 1) == 0
    }
}

/// How often values occur that are shown in one pass or several.
pub(super) struct Counts {
    limit: usize,
    room: (usize, usize),
    hasher: RandomState,
    part: Option<Part>,
    /// What is left for later passes.
    parts: Vec<Part>,
    counted: HashMap<Box<str>, u64>,
    bytes: usize,
    top: TopValues,
}

impl Counts {
    /// For the `limit` most frequent values.
    pub(super) fn new(limit: usize) -> Self {
        Self::within(limit, (VALUES, BYTES))
    }

    fn within(limit: usize, room: (usize, usize)) -> Self {
        Self {
            limit,
            room,
            hasher: RandomState::new(),
            part: None,
            parts: vec![Part { bits: 0, end: 0 }],
            counted: HashMap::new(),
            bytes: 0,
            top: TopValues { values: Vec::new(), distinct: 0, events: 0 },
        }
    }

    /// Begins a pass; `false` when no more are needed. In each, all values are [`add`](Self::add)ed anew.
    pub(super) fn next_pass(&mut self) -> bool {
        self.end_pass();
        self.part = self.parts.pop();
        self.part.is_some()
    }

    fn end_pass(&mut self) {
        self.bytes = 0;
        for (value, count) in std::mem::take(&mut self.counted) {
            self.top.distinct += 1;
            self.top.events += count;
            self.top.values.push(TopValue { value: value.into(), count });
        }
        self.top.values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        self.top.values.truncate(self.limit);
    }

    /// Counts a value, unless another pass does.
    pub(super) fn add(&mut self, value: &str) {
        let Some(part) = self.part else { return };
        if part.bits > 0 && !part.has(self.hasher.hash_one(value)) {
            return;
        }
        if let Some(count) = self.counted.get_mut(value) {
            *count += 1;
            return;
        }
        self.counted.insert(value.into(), 1);
        self.bytes += value.len();
        while self.counted.len() > self.room.0 || (self.bytes > self.room.1 && self.counted.len() > 1) {
            if !self.halve() {
                return;
            }
        }
    }

    /// Leaves half of the part to a later pass; `false` when the hash has no more bits.
    fn halve(&mut self) -> bool {
        let Some(part) = self.part.as_mut().filter(|part| part.bits < 63) else { return false };
        self.parts.push(Part { bits: part.bits + 1, end: part.end | (1 << part.bits) });
        part.bits += 1;
        let (part, hasher) = (*part, &self.hasher);
        let mut bytes = 0;
        self.counted.retain(|value, _| {
            let stays = part.has(hasher.hash_one(&**value));
            bytes += if stays { value.len() } else { 0 };
            stays
        });
        self.bytes = bytes;
        true
    }

    /// What was counted.
    pub(super) fn done(mut self) -> TopValues {
        self.end_pass();
        self.top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(values: &[String], limit: usize, room: (usize, usize)) -> (TopValues, usize) {
        let mut counts = Counts::within(limit, room);
        let mut passes = 0;
        while counts.next_pass() {
            passes += 1;
            for value in values {
                counts.add(value);
                assert!(
                    counts.counted.len() <= room.0 && (counts.bytes <= room.1 || counts.counted.len() == 1)
                );
            }
        }
        (counts.done(), passes)
    }

    #[test]
    fn any_number_of_passes_counts_alike() {
        // 0 once, 1 twice, … 99 a hundred times.
        let values: Vec<String> =
            (0..100).flat_map(|n| std::iter::repeat_n(format!("value {n}"), n + 1)).collect();
        let (whole, passes) = count(&values, 3, (1_000, 10_000));
        assert_eq!(passes, 1);
        assert_eq!((whole.distinct, whole.events), (100, 5050));
        let top: Vec<_> = whole.values.iter().map(|top| (top.value.as_str(), top.count)).collect();
        assert_eq!(top, [("value 99", 100), ("value 98", 99), ("value 97", 98)]);
        for room in [(10, 10_000), (1, 10_000), (1_000, 100), (1_000, 1)] {
            let (parts, passes) = count(&values, 3, room);
            assert_eq!(parts, whole, "{room:?}");
            assert!(passes > 1, "{room:?}");
        }
    }

    #[test]
    fn equal_counts_come_in_the_order_of_their_bytes() {
        let values: Vec<String> = ["b", "a", "é", "B", ""].map(String::from).to_vec();
        let order: Vec<_> = count(&values, 10, (2, 100)).0.values.into_iter().map(|top| top.value).collect();
        assert_eq!(order, ["", "B", "a", "b", "é"]);
        assert_eq!(count(&values, 0, (2, 100)).0.distinct, 5);
    }
}
