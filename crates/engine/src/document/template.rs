//! Texts with `${{ … }}` in them.

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Text that stands as it is.
    Text(&'a str),
    /// The trimmed inside of `${{ … }}`.
    Expression(&'a str),
}

/// Splits a template. Quotes inside an expression may hold `}}`.
///
/// # Errors
/// A sentence, when a `${{` is not closed or holds nothing. O(bytes).
pub fn segments(template: &str) -> Result<Vec<Segment<'_>>, String> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("${{") {
        if start > 0 {
            out.push(Segment::Text(&rest[..start]));
        }
        let inside = &rest[start + 3..];
        let end = closing(inside).ok_or("`${{` is not closed by `}}`")?;
        let expression = inside[..end].trim();
        if expression.is_empty() {
            return Err("`${{ }}` holds no expression".into());
        }
        out.push(Segment::Expression(expression));
        rest = &inside[end + 2..];
    }
    if !rest.is_empty() {
        out.push(Segment::Text(rest));
    }
    Ok(out)
}

/// The offset of the `}}` that ends an expression, past quoted strings.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut quote, mut depth) = (None, 0u32);
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(q), b) if b == q => quote = None,
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether there is an expression in the text.
pub fn is_template(text: &str) -> bool {
    text.contains("${{")
}

/// The one spelling of a template: `${{ expression }}`.
///
/// # Errors
/// As [`segments`].
pub fn canonical(template: &str) -> Result<String, String> {
    if !is_template(template) {
        return Ok(template.to_owned());
    }
    let mut out = String::with_capacity(template.len() + 8);
    for segment in segments(template)? {
        match segment {
            Segment::Text(text) => out.push_str(text),
            Segment::Expression(expression) => {
                out.push_str("${{ ");
                out.push_str(expression);
                out.push_str(" }}");
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_text_and_expressions() {
        let check =
            |t: &str, expect: &[Segment<'_>]| assert_eq!(segments(t).as_deref(), Ok(expect), "{t}");
        check("plain", &[Segment::Text("plain")]);
        check("${{a}}", &[Segment::Expression("a")]);
        check(
            "x${{ a }}y",
            &[
                Segment::Text("x"),
                Segment::Expression("a"),
                Segment::Text("y"),
            ],
        );
        check("${{ '}}' }}", &[Segment::Expression("'}}'")]);
        check(r#"${{ "\"}}" }}"#, &[Segment::Expression(r#""\"}}""#)]);
        check(
            "${{ {'a': {'b': 1}}.a.b }}",
            &[Segment::Expression("{'a': {'b': 1}}.a.b")],
        );
        assert!(segments("${{ a").is_err());
        assert!(segments("${{ }}").is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_canonical_is_idempotent(text in "[${} a'\"\\\\é]{0,40}") {
            if let Ok(once) = canonical(&text) {
                prop_assert_eq!(canonical(&once), Ok(once.clone()));
            }
        }
    }
}
