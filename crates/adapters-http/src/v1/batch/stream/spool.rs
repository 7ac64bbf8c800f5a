//! Answers that the client has not read yet: a little in memory, the rest in temporary files.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::limits::{Part, Room};
use crate::problem::Problem;

/// How many bytes a stream keeps in memory.
const IN_MEMORY: usize = 1 << 20;

/// Up to how many bytes of a file small answers are one block.
const BLOCK: usize = 256 << 10;

/// How many bytes of a file are read at once. One thread takes the memory and another frees it, and the
/// allocator keeps large pieces of this kind for a while.
const PIECE: usize = 64 << 10;

/// How long the system may take to send the last of an answer that is not complete.
const LAST_TAKEN: Duration = Duration::from_secs(30);

/// The size of a file from which on the next one is begun, so that what was read takes no room.
const FILE: u64 = 64 << 20;

/// The end of a stream for the one who writes it.
#[derive(Debug)]
pub(super) struct Spool {
    shared: Arc<Shared>,
    room: Room,
    /// The file that is written, and how long it is.
    file: Option<(Arc<SpoolFile>, u64)>,
}

/// Why nothing more can be written.
#[derive(Debug)]
pub(super) enum NotWritten {
    /// The client has gone.
    Unread,
    /// There is no room, or the disk fails.
    Failed(Problem),
}

#[derive(Debug, Default)]
struct Shared {
    unread: Mutex<Unread>,
    /// Something was written or taken, or the stream has ended.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Unread {
    blocks: VecDeque<Block>,
    in_memory: usize,
    /// How many parts the system has not taken yet.
    on_the_way: usize,
    end: Option<End>,
    is_abandoned: bool,
}

#[derive(Debug)]
enum Block {
    Memory(Bytes),
    File { file: Arc<SpoolFile>, start: u64, length: usize, part: Option<Part> },
}

#[derive(Debug, Clone, Copy)]
enum End {
    Complete,
    Broken,
}

/// A temporary file without a name.
#[derive(Debug)]
struct SpoolFile(Mutex<File>);

impl Spool {
    /// A stream, and the body of its answer. What is not read takes room of that request's token.
    pub(super) fn new(room: Room) -> (Self, Body) {
        let shared = Arc::new(Shared::default());
        let reader = Reader(Arc::clone(&shared));
        let body = stream::unfold(reader, |reader| async {
            let next = reader.next().await?;
            Some((next, reader))
        });
        (Self { shared, room, file: None }, Body::from_stream(body))
    }

    /// Adds to the answer.
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<(), NotWritten> {
        if bytes.is_empty() {
            return Ok(());
        }
        let Some(bytes) = self.shared.keep(bytes)? else { return Ok(()) };
        let part = self.room.spool(bytes.len()).map_err(NotWritten::Failed)?;
        let open = self.file.take().filter(|(_, length)| *length < FILE);
        let length = bytes.len();
        let written = spawn_blocking(move || {
            let (file, start) = match open {
                Some(open) => open,
                None => (Arc::new(SpoolFile(Mutex::new(tempfile::tempfile()?))), 0),
            };
            file.write_at(start, &bytes)?;
            Ok::<_, io::Error>((file, start))
        });
        let (file, start) = match written.await {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => {
                return Err(NotWritten::Failed(Problem::unavailable(Some(error.into()))));
            }
            Err(error) => return Err(NotWritten::Failed(Problem::internal(error))),
        };
        let end = start.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        self.file = Some((Arc::clone(&file), end));
        self.shared.lock().add(file, start, length, part);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Adds the last line of the answer, for which there is always room.
    pub(super) fn last(&self, bytes: Vec<u8>) {
        let mut unread = self.shared.lock();
        unread.in_memory += bytes.len();
        unread.blocks.push_back(Block::Memory(bytes.into()));
        self.shared.changed.notify_one();
    }

    /// Ends the answer: with its last chunk, or without one, so that no client takes it for complete.
    pub(super) fn end(self, is_complete: bool) {
        self.shared.lock().end = Some(if is_complete { End::Complete } else { End::Broken });
        self.shared.changed.notify_one();
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.lock().end.get_or_insert(End::Broken);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps bytes in memory, if nothing that is unread is in a file. Returns what it does not keep.
    fn keep(&self, bytes: Vec<u8>) -> Result<Option<Vec<u8>>, NotWritten> {
        let mut unread = self.lock();
        if unread.is_abandoned {
            return Err(NotWritten::Unread);
        }
        let is_in_file = matches!(unread.blocks.back(), Some(Block::File { .. }));
        if is_in_file || unread.in_memory + bytes.len() > IN_MEMORY {
            return Ok(Some(bytes));
        }
        unread.in_memory += bytes.len();
        unread.blocks.push_back(Block::Memory(bytes.into()));
        self.changed.notify_one();
        Ok(None)
    }
}

impl Unread {
    /// Adds what was written to a file; to the block before, if that is small and not being read.
    fn add(&mut self, file: Arc<SpoolFile>, start: u64, length: usize, part: Part) {
        if self.blocks.len() > 1
            && let Some(Block::File { length: before, part: Some(of_block), file: last, .. }) =
                self.blocks.back_mut()
            && Arc::ptr_eq(last, &file)
            && *before + length <= BLOCK
        {
            *before += length;
            of_block.merge(part);
        } else {
            self.blocks.push_back(Block::File { file, start, length, part: Some(part) });
        }
    }

    /// Takes what is sent next. The room of a block is given back with its last piece.
    fn next(&mut self) -> Option<Block> {
        match self.blocks.front_mut() {
            Some(Block::File { file, start, length, .. }) if *length > PIECE => {
                let piece = Block::File {
                    file: Arc::clone(file),
                    start: *start,
                    length: PIECE,
                    part: None,
                };
                *start = start.saturating_add(u64::try_from(PIECE).unwrap_or(u64::MAX));
                *length -= PIECE;
                Some(piece)
            }
            _ => self.blocks.pop_front(),
        }
    }
}

impl SpoolFile {
    fn write_at(&self, start: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        file.write_all(bytes)
    }

    fn read_at(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// Reads a stream for the client.
struct Reader(Arc<Shared>);

impl Reader {
    /// The next part of the answer; `None` at its end, and an error if it is not complete.
    async fn next(&self) -> Option<io::Result<Bytes>> {
        let next = match self.next_block().await {
            Ok(block) => block?,
            Err(broken) => {
                // The error ends the connection at once, with what is still to be sent.
                let _ = timeout(LAST_TAKEN, self.is_taken()).await;
                Err(broken)
            }
        };
        Some(next.map(|bytes| {
            self.0.lock().on_the_way += 1;
            Bytes::from_owner(OnTheWay { bytes, shared: Arc::clone(&self.0) })
        }))
    }

    /// Waits for the next block. Fails if the stream is not complete.
    async fn next_block(&self) -> io::Result<Option<io::Result<Bytes>>> {
        loop {
            let (block, end) = {
                let mut unread = self.0.lock();
                (unread.next(), unread.end)
            };
            match (block, end) {
                (Some(Block::Memory(bytes)), _) => {
                    self.0.lock().in_memory -= bytes.len();
                    return Ok(Some(Ok(bytes)));
                }
                (Some(Block::File { file, start, length, part }), _) => {
                    let read = spawn_blocking(move || file.read_at(start, length)).await;
                    drop(part);
                    return Ok(Some(read.map_err(io::Error::other).flatten().map(Bytes::from)));
                }
                (None, Some(End::Complete)) => return Ok(None),
                (None, Some(End::Broken)) => {
                    return Err(io::Error::other("the stream was not completed"));
                }
                (None, None) => self.0.changed.notified().await,
            }
        }
    }

    /// Waits until the system has taken everything.
    async fn is_taken(&self) {
        while self.0.lock().on_the_way > 0 {
            self.0.changed.notified().await;
        }
    }
}

/// A part of an answer. The server drops it when the system has taken it.
struct OnTheWay {
    bytes: Bytes,
    shared: Arc<Shared>,
}

impl AsRef<[u8]> for OnTheWay {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.shared.lock().on_the_way -= 1;
        self.shared.changed.notify_one();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut unread = self.0.lock();
        unread.is_abandoned = true;
        unread.blocks.clear();
    }
}
