//! Streams: what can be read once only, and may keep its reader waiting for ever.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How often a stream looks whether the run is to stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// A stream that never blocks for long: somebody may want the run to stop.
pub(super) struct Stream {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    used: usize,
}

impl Stream {
    /// Standard input.
    pub(super) fn standard_input() -> Self {
        Self::of(|| Ok(io::stdin()))
    }

    /// A named pipe, a device, or what else is no regular file. Opening one may wait as long as reading it.
    pub(super) fn named(path: PathBuf) -> Self {
        Self::of(move || File::open(path))
    }

    /// A thread of its own waits for the data. It ends with the stream, or with the program.
    fn of<R: Read>(open: impl FnOnce() -> io::Result<R> + Send + 'static) -> Self {
        let (sender, chunks) = sync_channel(4);
        let read = move || {
            let mut input = match open() {
                Ok(input) => input,
                Err(error) => return drop(sender.send(Err(error))),
            };
            loop {
                let mut chunk = vec![0; 64 * 1024];
                let read = input.read(&mut chunk).map(|count| {
                    chunk.truncate(count);
                    chunk
                });
                let over = match &read {
                    Ok(chunk) => chunk.is_empty(),
                    Err(error) => error.kind() != ErrorKind::Interrupted,
                };
                if sender.send(read).is_err() || over {
                    return;
                }
            }
        };
        // Without the thread the channel is closed, which is a stream's end.
        drop(std::thread::Builder::new().name("stream".to_owned()).spawn(read));
        Self { chunks, chunk: Vec::new(), used: 0 }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used == self.chunk.len() {
            self.chunk = match self.chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => chunk?,
                Err(RecvTimeoutError::Timeout) => return Err(ErrorKind::WouldBlock.into()),
                Err(RecvTimeoutError::Disconnected) => Vec::new(),
            };
            self.used = 0;
        }
        let count = out.len().min(self.chunk.len() - self.used);
        out[..count].copy_from_slice(&self.chunk[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}
