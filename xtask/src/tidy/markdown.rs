//! The lines of Markdown files.

use xtask::workspace::TextFile;

/// A line, with the file and the number that it has there.
pub(super) struct Line<'a> {
    pub(super) file: &'a TextFile,
    pub(super) number: usize,
    pub(super) text: &'a str,
    /// Whether it is inside a fenced block.
    pub(super) is_fenced: bool,
}

/// The lines of the Markdown files, without the fences.
pub(super) fn lines(files: &[TextFile]) -> impl Iterator<Item = Line<'_>> {
    let markdown = files.iter().filter(|file| file.extension() == "md");
    markdown.flat_map(|file| {
        let mut is_fenced = false;
        file.lines().filter_map(move |(number, text)| {
            let is_fence = text.trim_start().starts_with("```");
            is_fenced ^= is_fence;
            (!is_fence).then_some(Line { file, number, text, is_fenced })
        })
    })
}

/// The texts between single backticks.
pub(super) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}
