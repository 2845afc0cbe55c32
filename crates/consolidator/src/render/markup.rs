//! What differs between Markdown and plain text.

use super::block::{push_block, push_clean};
use super::inline::{one_line, push_code, push_line};

/// A way to write a document.
pub(super) trait Markup {
    /// The document's title on a line.
    fn title(out: &mut String, title: &str);
    /// An empty line and the start of a section's heading.
    fn open_heading(out: &mut String);
    /// Foreign text on one line.
    fn line(out: &mut String, text: &str);
    /// A name, with what `suffix` appends, set off from the text.
    fn code(out: &mut String, name: &str, suffix: impl FnOnce(&mut String));
    /// A name that is shown as it stands, in the same way.
    fn plain_code(out: &mut String, name: &str, suffix: impl FnOnce(&mut String));
    /// Foreign text on its own lines.
    fn block(out: &mut String, text: &str);
    /// The label of a step's belief, and a space.
    fn quote(out: &mut String, label: impl FnOnce(&mut String));
    /// Set off from what surrounds it.
    fn strong(out: &mut String, words: impl FnOnce(&mut String));
    /// The start of an item of a list.
    fn open_item(out: &mut String);
    /// The start of a line below an item.
    fn open_detail(out: &mut String);
    /// What lines of a section start with.
    fn indent(out: &mut String);
    /// What the footer is set off with.
    fn rule(out: &mut String);
}

pub(super) struct Markdown;

impl Markup for Markdown {
    fn title(out: &mut String, title: &str) {
        out.push_str("# ");
        push_line(out, title);
        out.push('\n');
    }

    fn open_heading(out: &mut String) {
        out.push_str("\n## ");
    }

    fn line(out: &mut String, text: &str) {
        push_line(out, text);
    }

    fn code(out: &mut String, name: &str, suffix: impl FnOnce(&mut String)) {
        push_code(out, name, suffix);
    }

    fn plain_code(out: &mut String, name: &str, suffix: impl FnOnce(&mut String)) {
        out.push('`');
        out.push_str(name);
        suffix(out);
        out.push('`');
    }

    fn block(out: &mut String, text: &str) {
        push_block(out, text);
    }

    fn quote(out: &mut String, label: impl FnOnce(&mut String)) {
        out.push_str("> **");
        label(out);
        out.push_str("** ");
    }

    fn strong(out: &mut String, words: impl FnOnce(&mut String)) {
        out.push_str("**");
        words(out);
        out.push_str("**");
    }

    fn open_item(out: &mut String) {
        out.push_str("- ");
    }

    fn open_detail(out: &mut String) {
        out.push_str("  - ");
    }

    fn indent(_: &mut String) {}

    fn rule(out: &mut String) {
        out.push_str("\n---\n\n");
    }
}

pub(super) struct Plain;

/// What everything below a heading is indented by.
const INDENT: &str = "  ";

impl Markup for Plain {
    fn title(out: &mut String, title: &str) {
        out.push_str(&one_line(title));
        out.push('\n');
    }

    fn open_heading(out: &mut String) {
        out.push('\n');
    }

    fn line(out: &mut String, text: &str) {
        out.push_str(&one_line(text));
    }

    fn code(out: &mut String, name: &str, suffix: impl FnOnce(&mut String)) {
        Self::plain_code(out, &one_line(name), suffix);
    }

    fn plain_code(out: &mut String, name: &str, suffix: impl FnOnce(&mut String)) {
        out.push_str(name);
        suffix(out);
    }

    fn block(out: &mut String, text: &str) {
        for line in text.trim_end().lines() {
            let start = out.len();
            out.push_str(INDENT);
            push_clean(out, line);
            if out.len() == start + INDENT.len() {
                out.truncate(start);
            }
            out.push('\n');
        }
    }

    fn quote(out: &mut String, label: impl FnOnce(&mut String)) {
        out.push_str(INDENT);
        label(out);
        out.push(' ');
    }

    fn strong(out: &mut String, words: impl FnOnce(&mut String)) {
        words(out);
    }

    fn open_item(out: &mut String) {
        out.push_str(INDENT);
    }

    fn open_detail(out: &mut String) {
        out.push_str("      ");
    }

    fn indent(out: &mut String) {
        out.push_str(INDENT);
    }

    fn rule(out: &mut String) {
        out.push('\n');
    }
}
