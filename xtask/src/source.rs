//! Just enough Rust to search code without finding comments, strings or tests.

/// The text with the insides of comments, strings and characters turned into spaces.
///
/// Lines stay where they are, so that a finding has its true line number.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            blanked.push(chars[at]);
            at += 1;
        } else {
            let blank = |&c: &char| if c == '\n' { '\n' } else { ' ' };
            blanked.extend(chars[at..end].iter().map(blank));
            at = end;
        }
    }
    blanked
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none begins there.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1);
    match chars[at] {
        '/' if next == Some(&'/') => find(chars, at, '\n'),
        '/' if next == Some(&'*') => block_comment_end(chars, at),
        '"' => string_end(chars, at, '"'),
        '\'' if next == Some(&'\\') || chars.get(at + 2) == Some(&'\'') => {
            string_end(chars, at, '\'')
        }
        'r' | 'b' | 'c' if at == 0 || !is_word(chars[at - 1]) => raw_string_end(chars, at),
        _ => at,
    }
}

fn find(chars: &[char], from: usize, wanted: char) -> usize {
    chars[from..]
        .iter()
        .position(|&c| c == wanted)
        .map_or(chars.len(), |offset| from + offset)
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (at, depth) = (at + 2, depth + 1),
            ('*', '/') => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn string_end(chars: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`; anything else that begins with these letters is no literal.
fn raw_string_end(chars: &[char], start: usize) -> usize {
    let letters = if chars[start] == 'r' { 1 } else { 2 };
    if letters == 2 && chars.get(start + 1) != Some(&'r') {
        return start;
    }
    let hashes = chars[start + letters..]
        .iter()
        .take_while(|&&c| c == '#')
        .count();
    let mut at = start + letters + hashes;
    if chars.get(at) != Some(&'"') {
        return start;
    }
    loop {
        at = find(chars, at + 1, '"');
        if at >= chars.len() {
            return chars.len();
        }
        if chars[at + 1..]
            .iter()
            .take(hashes)
            .filter(|&&c| c == '#')
            .count()
            == hashes
        {
            return at + 1 + hashes;
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Code (from [`code_only`]) with every item under `#[cfg(test)]` turned into spaces.
pub(crate) fn without_tests(code: &str) -> String {
    let mut kept = code.to_owned();
    for attribute in ["#[cfg(test)]", "#[cfg(all(test"] {
        while let Some(start) = kept.find(attribute) {
            let end = item_end(&kept, start);
            let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
            let blanked: String = kept[start..end].chars().map(blank).collect();
            kept.replace_range(start..end, &blanked);
        }
    }
    kept
}

/// The end of the item that begins at `start` with its attributes: `}` or `;` outside brackets.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_i32;
    for (offset, c) in code[start..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth <= 0 && (c == '}' || c == ';') {
            return start + offset + 1;
        }
    }
    code.len()
}

/// Line numbers, from 1, where `needle` stands and is not the tail of a longer word.
pub(crate) fn lines_with(code: &str, needle: &str) -> Vec<usize> {
    let stands_alone = |line: &str| {
        line.match_indices(needle)
            .any(|(at, _)| !line[..at].chars().next_back().is_some_and(is_word))
    };
    let numbered = code.lines().enumerate();
    numbered
        .filter(|(_, line)| stands_alone(line))
        .map(|(index, _)| index + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let check = |text: &str, expect: &str| {
            assert_eq!(code_only(text).replace(' ', ""), expect, "{text}")
        };
        check("a // bad\nb", "a\nb");
        check("a /* bad /* bad */ bad */ b", "ab");
        check(r#"f("bad \" bad", x)"#, "f(,x)");
        check("f(r#\"bad \" bad\"#, x)", "f(,x)");
        check("f(br\"bad\\\", x)", "f(,x)");
        check("f('\"', '\\'', x)", "f(,,x)");
        check(
            "fn f<'a>(x: &'a str) { r#type }",
            "fnf<'a>(x:&'astr){r#type}",
        );
        check("\"never closed", "");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let code = code_only("/* one\ntwo */ three\n\"x\ny\" four");
        assert_eq!(lines_with(&code, "three"), [2]);
        assert_eq!(lines_with(&code, "four"), [4]);
    }

    #[test]
    fn test_items_are_left_out() {
        let kept = without_tests(
            "a();\n#[cfg(test)]\n#[allow(x)]\nmod tests { fn f(a: [u8; 3]) { bad() } }\nb();",
        );
        assert_eq!(
            kept.split_whitespace().collect::<Vec<_>>(),
            ["a();", "b();"]
        );
        let kept = without_tests("#[cfg(test)] use bad;\n#[cfg(all(test, unix))] mod bad {}\nb();");
        assert_eq!(kept.trim(), "b();");
    }

    #[test]
    fn needles_are_whole_at_their_front() {
        assert_eq!(lines_with("bincode::x\nmy_bincode::y", "bincode::"), [1]);
    }
}
