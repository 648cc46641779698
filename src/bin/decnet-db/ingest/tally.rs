//! Counting what occurs most, in bounded memory.

use std::collections::HashMap;

/// How many different texts are counted at once.
const LIMIT: usize = 100_000;

/// How often texts occur. Exact as long as there are not too many different ones; then the rarest are forgotten.
#[derive(Default)]
pub(super) struct Tally {
    counts: HashMap<String, u64>,
    approximate: bool,
}

impl Tally {
    pub(super) fn add(&mut self, text: &str) {
        if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
            return;
        }
        if self.counts.len() == LIMIT {
            self.forget();
        }
        self.counts.insert(text.to_owned(), 1);
    }

    /// Forgets the rarer half.
    fn forget(&mut self) {
        self.approximate = true;
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let (_, median, _) = counts.select_nth_unstable(LIMIT / 2);
        let median = *median;
        self.counts.retain(|_, count| *count > median);
    }

    /// How many different texts there are, and whether there were more than that.
    pub(super) fn distinct(&self) -> (usize, bool) {
        (self.counts.len(), self.approximate)
    }

    /// The most frequent texts; of equally frequent ones in the order of the alphabet.
    pub(super) fn top(&self, count: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.counts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_frequent_survives_any_number_of_rare_texts() {
        let mut tally = Tally::default();
        for number in 0..LIMIT * 3 {
            tally.add(&number.to_string());
            tally.add(if number % 2 == 0 { "a" } else { "b" });
        }
        tally.add("b");
        assert!(tally.counts.len() <= LIMIT);
        assert_eq!(tally.top(2), [("b", LIMIT as u64 * 3 / 2 + 1), ("a", LIMIT as u64 * 3 / 2)]);
        assert!(tally.distinct().1);
    }

    #[test]
    fn equal_counts_are_in_the_order_of_the_alphabet() {
        let mut tally = Tally::default();
        for text in ["z", "b", "a", "z"] {
            tally.add(text);
        }
        assert_eq!(tally.top(10), [("z", 2), ("a", 1), ("b", 1)]);
        assert_eq!(tally.distinct(), (3, false));
    }
}
