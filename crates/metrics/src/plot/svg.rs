//! An SVG under construction, and the escaping of text.

use std::fmt::{Arguments, Write};

/// Width of every plot in its own units; a reader scales it to the screen.
pub(crate) const WIDTH: f64 = 480.0;
/// Height of text in the same units: at 360 pixels, the width of a phone, it is 10 pixels high.
pub(crate) const TEXT: f64 = 13.0;
/// Classes of colour, `c0` to `c5`.
const COLOURS: usize = 6;

const STYLE: &str = "\
.plot{font:13px system-ui,sans-serif;background:#fff}.plot text{fill:#1a1a1a}.plot .title{font-weight:600;font-size:15px}\
.plot .dim{fill:#555}.plot .grid{stroke:#ddd}.plot .axis{stroke:#777}.plot .halo{paint-order:stroke;stroke:#fff;stroke-width:4px}\
.plot .line{fill:none;stroke-width:2;stroke-linejoin:round}\
.c0{stroke:#0072b2;fill:#0072b2}.c1{stroke:#d55e00;fill:#d55e00}.c2{stroke:#009e73;fill:#009e73}\
.c3{stroke:#b4548b;fill:#b4548b}.c4{stroke:#b07800;fill:#b07800}.c5{stroke:#3391c9;fill:#3391c9}\
@media(prefers-color-scheme:dark){.plot{background:#16181c}.plot text{fill:#eee}.plot .dim{fill:#aaa}.plot .grid{stroke:#333}\
.plot .axis{stroke:#888}.plot .halo{stroke:#16181c}\
.c0{stroke:#4aa8e0;fill:#4aa8e0}.c1{stroke:#f0803c;fill:#f0803c}.c2{stroke:#2cc79a;fill:#2cc79a}\
.c3{stroke:#dd8fbb;fill:#dd8fbb}.c4{stroke:#e69f00;fill:#e69f00}.c5{stroke:#86cdf2;fill:#86cdf2}}";

/// Text for HTML and XML, inside elements and quoted attributes. Characters that XML forbids even when
/// escaped become U+FFFD.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// As much of a text as is `width` wide, with an ellipsis where some is missing. Estimated from the
/// number of characters: no font is at hand.
pub(crate) fn fit(text: &str, width: f64) -> String {
    let most = (width / (0.55 * TEXT)).max(1.0) as usize;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    kept + "…"
}

/// How wide a text is, estimated.
pub(crate) fn width(text: &str) -> f64 {
    text.chars().count() as f64 * 0.55 * TEXT
}

/// Which end of a text lies at its place.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Elements so far.
#[derive(Default)]
pub(crate) struct Canvas(String);

impl Canvas {
    /// A canvas with its title at the top; the rest starts at [`Self::TOP`].
    pub(crate) fn titled(title: &str) -> Self {
        let mut canvas = Self::default();
        // Bold and larger, it takes a third more room than other text.
        let short = escape(&fit(title, (WIDTH - 16.0) / 1.33));
        canvas.push(format_args!(
            r#"<text class="title" x="8" y="20">{short}</text>"#
        ));
        canvas
    }

    /// The first free place below the title.
    pub(crate) const TOP: f64 = 30.0;

    pub(crate) fn push(&mut self, element: Arguments<'_>) {
        write!(self.0, "{element}").expect("because writing to a string cannot fail");
    }

    /// A text whose baseline is at `y`.
    pub(crate) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.push(format_args!(
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// A line of a grid or an axis.
    pub(crate) fn rule(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.push(format_args!(
            r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
        ));
    }

    /// A bar with what to say of it.
    pub(crate) fn bar(&mut self, class: &str, (x, y): (f64, f64), size: (f64, f64), tip: &str) {
        let (w, h, tip) = (size.0, size.1, escape(tip));
        self.push(format_args!(
            r#"<rect class="{class}" stroke="none" style="stroke:none" x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}"><title>{tip}</title></rect>"#
        ));
    }

    /// Says in the middle that there is nothing to draw.
    pub(crate) fn nothing(&mut self, y: f64) {
        self.text("dim", (WIDTH / 2.0, y), Anchor::Middle, "no data");
    }

    /// The whole document; `label` says to those who do not see it what it shows.
    pub(crate) fn finish(self, height: f64, label: &str) -> String {
        let (label, elements) = (escape(label), self.0);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height:.0}"><style>{STYLE}</style>{elements}</svg>
"#
        )
    }
}

/// The class of the n-th series.
pub(crate) fn colour(n: usize) -> String {
    format!("c{}", n % COLOURS)
}

/// How the line of the n-th series is dashed, so that colours may repeat.
pub(crate) fn dash(n: usize) -> &'static str {
    ["", "7 3", "2 3", "9 3 2 3"][n / COLOURS % 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markup_means_is_escaped_and_what_xml_forbids_replaced() {
        assert_eq!(
            escape("<a b='c' d=\"e\">&\u{0}\u{1b}\n"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\u{fffd}\u{fffd}\n"
        );
    }

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        assert_eq!(fit("short", 100.0), "short");
        assert_eq!(fit("ääääääääääää", 40.0), "ääää…");
        assert_eq!(fit("ab", 0.0), "…");
    }
}
