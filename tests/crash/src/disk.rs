//! What a disk may hold after a loss of power: rebuilt from what a program did to its files.

use std::collections::BTreeMap;
use std::path::Path;

use decnet_db_interpose::{Entry, What};

use crate::seed::Seed;

/// What becomes of what was written and not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing of it is there.
    Dropped,
    /// All of it is there.
    Kept,
    /// It came to the disk in the order in which it was written, up to some point.
    Cut,
    /// Each piece is there or not, and of some pieces only some sectors of so many bytes; what a file grew by and was not written
    /// is noise.
    Torn(usize),
    /// Of one file all is there, of the others nothing.
    OneFile,
}

impl Fate {
    /// One of them.
    pub(crate) fn choose(seed: &mut Seed) -> Self {
        match seed.within(0..10) {
            0..2 => Self::Dropped,
            2 => Self::Kept,
            3..5 => Self::Cut,
            5..7 => Self::Torn(512),
            7..9 => Self::Torn(4096),
            _ => Self::OneFile,
        }
    }
}

/// The disk at a moment: what is on it for certain, and what was written since.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<u32, File>,
    names: Names,
    /// Changes of names that were not synced.
    renamed: Vec<usize>,
    next: usize,
}

type Names = BTreeMap<String, u32>;

#[derive(Debug, Default)]
struct File {
    synced: Vec<u8>,
    /// The entries of what was written since.
    unsynced: Vec<usize>,
}

impl Disk {
    /// Goes on to a moment: the entries before `end` have happened.
    pub(crate) fn advance(&mut self, entries: &[Entry], end: usize) {
        for (at, entry) in entries.iter().enumerate().take(end).skip(self.next) {
            match &entry.what {
                What::Write { file, .. } | What::Truncate { file, .. } => {
                    self.files.entry(*file).or_default().unsynced.push(at);
                }
                What::Create { file, .. } => {
                    self.files.entry(*file).or_default();
                    self.renamed.push(at);
                }
                What::Unlink { .. } | What::Rename { .. } => self.renamed.push(at),
                What::Sync { file, from } => {
                    let file = self.files.entry(*file).or_default();
                    for before in file.take_before(*from) {
                        apply(&mut file.synced, &entries[before].what);
                    }
                }
                What::SyncFailed { file, from } => {
                    // The kernel takes the pages for clean from here on, and they are nowhere.
                    self.files.entry(*file).or_default().take_before(*from);
                }
                What::SyncFolder { from } => {
                    let (before, since): (Vec<usize>, _) = self.renamed.iter().partition(|at| *at < from);
                    for at in before {
                        rename(&mut self.names, &entries[at].what);
                    }
                    self.renamed = since;
                }
                What::Mark(_) => {}
            }
        }
        self.next = self.next.max(end);
    }

    /// The files as they are found after a loss of power at this moment.
    pub(crate) fn after_loss(
        &self,
        entries: &[Entry],
        fate: Fate,
        seed: &mut Seed,
    ) -> BTreeMap<String, Vec<u8>> {
        let cut = seed.within(0..self.next as u64 + 1) as usize;
        let mut names = self.names.clone();
        for at in &self.renamed {
            let kept = match fate {
                Fate::Dropped => false,
                Fate::Kept => true,
                Fate::Cut => *at < cut,
                Fate::Torn(_) | Fate::OneFile => seed.once_in(2),
            };
            if kept {
                rename(&mut names, &entries[*at].what);
            }
        }
        let lucky = seed.within(0..names.len().max(1) as u64) as usize;
        let files = names.into_iter().enumerate().filter_map(|(nth, (name, file))| {
            let file = self.files.get(&file)?;
            let mut content = file.synced.clone();
            for at in &file.unsynced {
                let what = &entries[*at].what;
                match fate {
                    Fate::Dropped => {}
                    Fate::Kept => apply(&mut content, what),
                    Fate::Cut if *at < cut => apply(&mut content, what),
                    Fate::Torn(sector) => tear(&mut content, what, sector, seed),
                    Fate::OneFile if nth == lucky => apply(&mut content, what),
                    Fate::Cut | Fate::OneFile => {}
                }
            }
            Some((name, content))
        });
        files.collect()
    }
}

impl File {
    fn take_before(&mut self, from: usize) -> Vec<usize> {
        let (before, since) = self.unsynced.iter().partition(|at| **at < from);
        self.unsynced = since;
        before
    }
}

/// Puts the files into a folder.
pub(crate) fn put(files: &BTreeMap<String, Vec<u8>>, folder: &Path) -> anyhow::Result<()> {
    for (name, content) in files {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

fn rename(names: &mut Names, what: &What) {
    match what {
        What::Create { file, name } => drop(names.insert(name.clone(), *file)),
        What::Unlink { name } => drop(names.remove(name)),
        What::Rename { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        _ => {}
    }
}

fn apply(content: &mut Vec<u8>, what: &What) {
    match what {
        What::Write { offset, data, .. } => place(content, *offset as usize, data, &mut || 0),
        What::Truncate { length, .. } => content.resize(*length as usize, 0),
        _ => {}
    }
}

fn place(content: &mut Vec<u8>, offset: usize, data: &[u8], gap: &mut dyn FnMut() -> u8) {
    while content.len() < offset {
        content.push(gap());
    }
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(data);
}

fn tear(content: &mut Vec<u8>, what: &What, sector: usize, seed: &mut Seed) {
    let What::Write { offset, data, .. } = what else {
        if seed.once_in(2) {
            apply(content, what);
        }
        return;
    };
    let whole = match seed.within(0..4) {
        0 => Some(false),
        1 => None,
        _ => Some(true),
    };
    let (start, end) = (*offset as usize, *offset as usize + data.len());
    let mut at = start;
    while at < end {
        let next = ((at / sector + 1) * sector).min(end);
        if whole.unwrap_or_else(|| seed.once_in(2)) {
            let mut noise = seed.clone();
            place(content, at, &data[at - start..next - start], &mut || noise.next() as u8);
        }
        at = next;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn entries(all: Vec<What>) -> Vec<Entry> {
        all.into_iter().map(|what| Entry { at: Duration::ZERO, what }).collect()
    }

    fn write(offset: u64, data: &[u8]) -> What {
        What::Write { file: 3, offset, data: data.to_vec() }
    }

    fn after(all: Vec<What>, fate: Fate) -> Option<Vec<u8>> {
        let entries = entries(all);
        let mut disk = Disk::default();
        disk.advance(&entries, entries.len());
        disk.after_loss(&entries, fate, &mut Seed::new(1, 0)).remove("a")
    }

    fn create() -> What {
        What::Create { file: 3, name: "a".to_owned() }
    }

    #[test]
    fn what_was_synced_is_there_and_the_rest_may_not_be() {
        let all = || {
            vec![
                create(),
                write(0, b"ab"),
                What::Sync { file: 3, from: 2 },
                What::SyncFolder { from: 1 },
                write(1, b"cd"),
            ]
        };
        assert_eq!(after(all(), Fate::Dropped).unwrap(), b"ab");
        assert_eq!(after(all(), Fate::Kept).unwrap(), b"acd");
    }

    #[test]
    fn a_file_whose_folder_was_not_synced_may_be_missing() {
        let all = || vec![create(), write(0, b"ab"), What::Sync { file: 3, from: 2 }];
        assert_eq!(after(all(), Fate::Dropped), None);
        assert_eq!(after(all(), Fate::Kept).unwrap(), b"ab");
    }

    #[test]
    fn a_sync_takes_along_only_what_was_there_when_it_began_and_none_comes_after_a_failed_one() {
        let begun =
            |end: What| vec![create(), What::SyncFolder { from: 1 }, write(0, b"a"), write(1, b"b"), end];
        assert_eq!(after(begun(What::Sync { file: 3, from: 3 }), Fate::Dropped).unwrap(), b"a");
        let mut failed = begun(What::SyncFailed { file: 3, from: 4 });
        failed.push(What::Sync { file: 3, from: 5 });
        assert_eq!(after(failed, Fate::Kept).unwrap(), b"");
    }
}
