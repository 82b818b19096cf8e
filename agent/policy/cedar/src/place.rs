//! Byte offsets into a text as lines and columns that an editor shows.

use serde::Serialize;

/// Both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// Of the character at `offset`, or of the end of `text` if that is past it.
    pub fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let text = "ab\n\u{e4}\u{f6}x\n";
        assert_eq!(Place::of(text, 0), Place { line: 1, column: 1 });
        assert_eq!(Place::of(text, 2), Place { line: 1, column: 3 });
        assert_eq!(Place::of(text, 7), Place { line: 2, column: 3 });
        assert_eq!(Place::of(text, 999), Place { line: 3, column: 1 });
    }

    #[test]
    fn never_splits_a_character() {
        assert_eq!(Place::of("\u{e4}", 1), Place { line: 1, column: 1 });
    }
}
