//! Names of roles, and the nearest one to a name that is none.

use super::{Place, ReadError};
use crate::Role;

const CHAT: [(&str, Role); 6] = [
    ("system", Role::System),
    ("developer", Role::System),
    ("user", Role::User),
    ("assistant", Role::Assistant),
    ("tool", Role::Tool),
    ("function", Role::Tool),
];

const RESPONSES: [(&str, Role); 4] = [
    ("system", Role::System),
    ("developer", Role::System),
    ("user", Role::User),
    ("assistant", Role::Assistant),
];

const ANTHROPIC: [(&str, Role); 3] = [
    ("user", Role::User),
    ("assistant", Role::Assistant),
    ("system", Role::System),
];

pub(super) fn of_chat(name: &str, place: &Place) -> Result<Role, ReadError> {
    find(&CHAT, name, place)
}

pub(super) fn of_responses(name: &str, place: &Place) -> Result<Role, ReadError> {
    find(&RESPONSES, name, place)
}

pub(super) fn of_anthropic(name: &str, place: &Place) -> Result<Role, ReadError> {
    find(&ANTHROPIC, name, place)
}

fn find(known: &[(&str, Role)], name: &str, place: &Place) -> Result<Role, ReadError> {
    if let Some((_, role)) = known.iter().find(|(known, _)| *known == name) {
        return Ok(*role);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let start: String = name.chars().take(40).collect();
    let near = names
        .iter()
        .map(|known| (distance(known, &start.to_lowercase()), known))
        .min();
    let hint = match near {
        Some((distance, known)) if distance <= 1 + known.len() / 4 => {
            format!(", did you mean {known:?}?")
        }
        _ => String::new(),
    };
    let expected = format!("one of {}", names.join(", "));
    Err(place.expected(expected, format!("{start:?}{hint}")))
}

/// How many letters must be added, removed or replaced to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (n, from) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], n + 1);
        for (m, to) in b.chars().enumerate() {
            let replaced = corner + usize::from(from != to);
            corner = row[m + 1];
            row[m + 1] = replaced.min(corner + 1).min(row[m] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expect: &str) {
        let error = of_chat(name, &Place::Root.key("role")).unwrap_err();
        let text = error.to_string();
        let found = text.split("found ").nth(1).unwrap();
        assert_eq!(found, expect);
    }

    #[test]
    fn the_nearest_name_is_proposed() {
        check("asistant", r#""asistant", did you mean "assistant"?"#);
        check("User", r#""User", did you mean "user"?"#);
        check("narrator", r#""narrator""#);
        check("", r#""""#);
    }
}
