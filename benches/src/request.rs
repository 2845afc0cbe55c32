//! What a bench binary was asked for by its arguments.

/// What to do with the benchmarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Name them.
    List,
    /// Let another process say when how many iterations of one of them run.
    Turns(String),
    /// Measure those whose ids hold one of these texts, or all; print a table.
    Table(Vec<String>),
    /// Measure those with these ids, or all; print every sample.
    Samples(Vec<String>),
    /// Check the answers, and run every benchmark once.
    Check(Vec<String>),
}

impl Request {
    /// Reads the arguments. Without any, as `cargo test` starts it, the benchmarks are checked.
    ///
    /// # Errors
    /// An option that is not known, or `--turns` without an id.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let (mut bench, mut samples, mut list, mut check) = (false, false, false, false);
        let (mut turns, mut texts) = (None, Vec::new());
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => bench = true,
                "--samples" => samples = true,
                "--list" => list = true,
                "--check" => check = true,
                "--turns" => turns = Some(arguments.next().ok_or("`--turns` needs an id")?),
                other if other.starts_with('-') => {
                    return Err(format!("`{other}` is not known; {KNOWN}"));
                }
                _ => texts.push(argument),
            }
        }
        Ok(match turns {
            Some(id) => Self::Turns(id),
            None if list => Self::List,
            None if check => Self::Check(texts),
            None if samples => Self::Samples(texts),
            None if bench => Self::Table(texts),
            None => Self::Check(texts),
        })
    }

    /// Whether a group may hold what was asked for: only then it is prepared.
    pub(crate) fn wants_group(&self, group: &str) -> bool {
        let holds = |id: &String| id.strip_prefix(group).is_some_and(|id| id.starts_with('/'));
        match self {
            Self::Turns(id) => holds(id),
            Self::Samples(ids) => ids.is_empty() || ids.iter().any(holds),
            // A text may be anywhere in an id, also in the part that only the group knows.
            Self::List | Self::Table(_) | Self::Check(_) => true,
        }
    }

    /// Whether a benchmark was asked for.
    pub(crate) fn wants(&self, id: &str) -> bool {
        let holds = |texts: &[String]| texts.is_empty() || texts.iter().any(|it| id.contains(it));
        match self {
            Self::List => true,
            Self::Turns(wanted) => wanted == id,
            Self::Samples(ids) => ids.is_empty() || ids.iter().any(|wanted| wanted == id),
            Self::Table(texts) | Self::Check(texts) => holds(texts),
        }
    }
}

const KNOWN: &str =
    "a bench binary takes --list, --turns ID, --check, --bench and --samples, and ids";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Request, String> {
        Request::parse(arguments.iter().map(|&it| it.to_owned()))
    }

    #[test]
    fn arguments_say_what_to_do() {
        let ids = vec!["a/b".to_owned()];
        assert_eq!(parse(&["--list", "--bench"]), Ok(Request::List));
        assert_eq!(parse(&["--turns", "a/b"]), Ok(Request::Turns("a/b".into())));
        assert_eq!(parse(&["a/b", "--bench"]), Ok(Request::Table(ids.clone())));
        let samples = parse(&["--bench", "--samples", "a/b"]);
        assert_eq!(samples, Ok(Request::Samples(ids)));
        assert_eq!(parse(&["--check", "--bench"]), Ok(Request::Check(vec![])));
        assert_eq!(parse(&[]), Ok(Request::Check(vec![])));
    }

    #[test]
    fn unknown_options_and_a_missing_id_are_refused() {
        assert!(parse(&["--noplot"]).unwrap_err().contains("--noplot"));
        assert!(parse(&["--turns"]).unwrap_err().contains("needs an id"));
    }

    #[test]
    fn only_the_group_of_an_id_is_prepared() {
        let turns = Request::Turns("a/b/run".into());
        assert!(turns.wants_group("a/b") && turns.wants("a/b/run"));
        assert!(!turns.wants_group("a/bb") && !turns.wants_group("a/b/r"));
        assert!(!turns.wants("a/b/runs"));
        let table = Request::Table(vec!["ru".into()]);
        assert!(table.wants_group("x") && table.wants("a/b/run") && !table.wants("a/b/floor"));
    }
}
