//! The lines of a stream, gathered into chunks.

use std::ops::Range;

use bytes::{Buf as _, Bytes};
use memchr::memchr;

use crate::limits::weigh;

/// The most lines of a chunk.
const MAX_LINES: usize = 1_000;

/// About the most bytes of a chunk, one line aside.
const MAX_BYTES: usize = 2 << 20;

/// About how much memory the lines of a chunk take at most, one line aside.
const MAX_WEIGHT: usize = 16 << 20;

/// The longest line, in bytes.
pub(super) const MAX_LINE: usize = 1 << 20;

/// How much memory a line may take.
const MAX_LINE_WEIGHT: usize = 64 << 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A line with an item.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// Its number in the stream, from 1. Empty lines count.
    pub(super) number: u64,
    /// Its place in the text of its chunk, without white space around it; `None` if it is too long.
    pub(super) range: Option<Range<usize>>,
}

/// Lines that are stored together.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) text: Vec<u8>,
    pub(super) lines: Vec<Line>,
    /// About how much memory they take.
    pub(super) weight: usize,
    /// The number of the last line, which may be empty.
    pub(super) end: u64,
}

/// Gathers the next chunk.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The chunk, with the line that is not complete yet at its end.
    chunk: Chunk,
    /// Where that line begins.
    start: usize,
    /// Whether it is longer than allowed, so that the rest of it is skipped.
    is_too_long: bool,
}

impl Lines {
    /// Takes bytes until the chunk is full.
    pub(super) fn take_from(&mut self, bytes: &mut Bytes) {
        while !bytes.is_empty() && !self.is_full() {
            let end = memchr(b'\n', bytes);
            let line = bytes.split_to(end.unwrap_or(bytes.len()));
            let length = self.chunk.text.len() - self.start + line.len();
            self.is_too_long |= length > MAX_LINE + BYTE_ORDER_MARK.len() + 1;
            if self.is_too_long {
                self.chunk.text.truncate(self.start);
            } else {
                self.chunk.text.extend_from_slice(&line);
            }
            if end.is_some() {
                bytes.advance(1);
                self.end_line();
            }
        }
    }

    /// Ends the last line of the stream, which may lack its line break.
    pub(super) fn end(&mut self) {
        if self.is_too_long || self.chunk.text.len() > self.start {
            self.end_line();
        }
    }

    /// Whether there is a line with an item.
    pub(super) fn has_lines(&self) -> bool {
        !self.chunk.lines.is_empty()
    }

    /// Whether the chunk has to be stored before more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.chunk.lines.len() >= MAX_LINES
            || self.start >= MAX_BYTES
            || self.chunk.weight >= MAX_WEIGHT
    }

    /// The complete lines. The others begin the next chunk.
    pub(super) fn split(&mut self) -> Chunk {
        let text = self.chunk.text.split_off(self.start);
        let next = Chunk { text, end: self.chunk.end, ..Chunk::default() };
        self.start = 0;
        std::mem::replace(&mut self.chunk, next)
    }

    fn end_line(&mut self) {
        let Chunk { text, lines, weight, end } = &mut self.chunk;
        *end += 1;
        let mut line = text.get(self.start..).unwrap_or_default();
        if *end == 1 {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        let before = line.len() - line.trim_ascii_start().len();
        let start = text.len() - line.len() + before;
        let item = line.trim_ascii();
        let of_line = weigh(item);
        let is_too_long = self.is_too_long || item.len() > MAX_LINE || of_line > MAX_LINE_WEIGHT;
        if is_too_long {
            lines.push(Line { number: *end, range: None });
            text.truncate(self.start);
        } else if !item.is_empty() {
            *weight += of_line;
            lines.push(Line { number: *end, range: Some(start..start + item.len()) });
        }
        self.is_too_long = false;
        self.start = text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a stream that arrives in parts of that many bytes, with their numbers.
    fn lines(stream: &[u8], part: usize) -> Vec<(u64, String)> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut collect = |Chunk { text, lines, .. }: Chunk| {
            found.extend(lines.into_iter().map(|line| match line.range {
                Some(range) => (line.number, String::from_utf8_lossy(&text[range]).into_owned()),
                None => (line.number, "too long".to_owned()),
            }));
        };
        for part in stream.chunks(part) {
            let mut part = Bytes::copy_from_slice(part);
            while !part.is_empty() {
                lines.take_from(&mut part);
                if lines.is_full() {
                    collect(lines.split());
                }
            }
        }
        lines.end();
        collect(lines.split());
        found
    }

    #[test]
    fn lines_do_not_depend_on_how_they_arrive() {
        let stream = "\u{feff}{\"a\":1}\r\n\r\n  \n\t{\"b\":\"é\"} \n7\n\n{\"c\":3}".as_bytes();
        let expected = [(1, "{\"a\":1}"), (4, "{\"b\":\"é\"}"), (5, "7"), (7, "{\"c\":3}")];
        for part in 1..=stream.len() {
            let found = lines(stream, part);
            let found: Vec<_> = found.iter().map(|(line, text)| (*line, text.as_str())).collect();
            assert_eq!(found, expected, "{part}");
        }
        assert_eq!(lines(b"", 1), []);
        assert_eq!(lines(b"\n\n\xef\xbb\xbf", 2), [(3, "\u{feff}".to_owned())]);
        assert_eq!(lines("\u{feff}".as_bytes(), 2), []);
    }

    #[test]
    fn long_line_is_skipped_and_not_kept() {
        let long = "x".repeat(MAX_LINE + 1);
        let stream = format!("1\n{long}\n3\n{}\n{long}", &long[1..]);
        for part in [1_000, 65_536, stream.len()] {
            let found = lines(stream.as_bytes(), part);
            let found: Vec<_> = found.iter().map(|(line, text)| (*line, text.len())).collect();
            assert_eq!(found, [(1, 1), (2, 8), (3, 1), (4, MAX_LINE), (5, 8)]);
        }
        let mut lines = Lines::default();
        for _ in 0..100 {
            lines.take_from(&mut Bytes::from(vec![b'x'; 65_536]));
        }
        assert!(lines.chunk.text.capacity() < 3 * MAX_LINE);
    }

    #[test]
    fn heavy_lines_fill_a_chunk_early() {
        let heavy = format!("{{\"a\":[{}1]}}\n", "{},".repeat(1_000));
        let mut bytes = Bytes::from(heavy.repeat(100));
        let mut lines = Lines::default();
        lines.take_from(&mut bytes);
        assert!(lines.is_full() && lines.chunk.lines.len() < 25);
        let heavier = format!("{{\"a\":[{}1]}}\n", "{},".repeat(100_000));
        let mut lines = Lines::default();
        lines.take_from(&mut Bytes::from(heavier));
        assert_eq!(lines.split().lines, [Line { number: 1, range: None }]);
    }
}
