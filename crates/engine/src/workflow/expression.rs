//! Expressions: what they may refer to, and how they are evaluated (crate minijinja, strict).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use minijinja::{Environment, State, UndefinedBehavior, Value};

use crate::document::template::{Segment, segments};

/// Names that every expression may use.
pub const ROOTS: [&str; 12] = [
    "inputs", "steps", "env", "item", "index", "run", "workflow", "always", "success", "failure",
    "exists", "range",
];

/// Longest expression, in bytes: evaluating takes stack and time in proportion to it; the language has no loops.
pub const MAX_BYTES: usize = 2048;

/// What expressions refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Ids of steps.
    pub steps: BTreeSet<String>,
    /// Fields of steps, by the step's id.
    pub fields: BTreeSet<(String, String)>,
    /// Filters that do not exist.
    pub unknown_filters: BTreeSet<String>,
    /// Names of inputs.
    pub inputs: BTreeSet<String>,
    /// Names that no expression may use.
    pub unknown: BTreeSet<String>,
    /// Whether `item` or `index` is used.
    pub item: bool,
    /// Whether `always()` or `failure()` is used: the step runs after failures too.
    pub after_failure: bool,
    /// Whether `always()`, `failure()` or `success()` is used.
    pub status: bool,
    /// Whether `exists()` is used.
    pub exists: bool,
    /// `steps` or `inputs` without a name behind it, which hides what is needed.
    pub bare: Option<&'static str>,
}

impl References {
    /// Adds what `expression` refers to.
    ///
    /// # Errors
    /// A sentence, when it does not compile.
    pub fn add_expression(&mut self, expression: &str) -> Result<(), String> {
        static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(|| {
            let mut environment = Environment::new();
            add_filters(&mut environment);
            environment
        });
        check_length(expression)?;
        let compiled = PLAIN
            .compile_expression_owned(expression.to_owned())
            .map_err(|e| describe(expression, &e))?;
        for name in compiled.undeclared_variables(true) {
            self.add_name(&name);
        }
        for filter in filters_in(expression) {
            if !is_filter(&PLAIN, filter) {
                self.unknown_filters.insert(filter.to_owned());
            }
        }
        Ok(())
    }

    /// Adds what the expressions of `template` refer to.
    ///
    /// # Errors
    /// As [`Self::add_expression`].
    pub fn add_template(&mut self, template: &str) -> Result<(), String> {
        for segment in segments(template)? {
            if let Segment::Expression(expression) = segment {
                self.add_expression(expression)?;
            }
        }
        Ok(())
    }

    fn add_name(&mut self, name: &str) {
        let mut parts = name.split('.');
        let root = parts.next().unwrap_or_default();
        let second = parts.next();
        if let ("steps", Some(id), Some(field)) = (root, second, parts.next()) {
            self.fields.insert((id.to_owned(), field.to_owned()));
        }
        match (root, second) {
            ("steps", Some(id)) => _ = self.steps.insert(id.to_owned()),
            ("inputs", Some(input)) => _ = self.inputs.insert(input.to_owned()),
            ("steps", None) => self.bare = Some("steps"),
            ("inputs", None) => self.bare = Some("inputs"),
            ("item" | "index", _) => self.item = true,
            ("always" | "failure", _) => (self.after_failure, self.status) = (true, true),
            ("success", _) => self.status = true,
            ("exists", _) => self.exists = true,
            (root, _) if ROOTS.contains(&root) => {}
            (root, _) => _ = self.unknown.insert(root.to_owned()),
        }
    }
}

/// The names behind `|`, outside of quoted texts.
fn filters_in(expression: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in expression.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(q), b) if b == q => quote = None,
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b'|') => {
                let rest = expression[at + 1..].trim_start();
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                out.push(&rest[..end]);
            }
            _ => {}
        }
    }
    out.retain(|name| !name.is_empty());
    out
}

/// minijinja finds out about a filter only when it is used.
fn is_filter(environment: &Environment<'_>, name: &str) -> bool {
    let used = environment
        .compile_expression_owned(format!("1|{name}"))
        .and_then(|e| e.eval(Value::UNDEFINED));
    used.err()
        .is_none_or(|e| e.kind() != minijinja::ErrorKind::UnknownFilter)
}

fn check_length(expression: &str) -> Result<(), String> {
    if expression.len() <= MAX_BYTES {
        return Ok(());
    }
    let start: String = expression.chars().take(40).collect();
    Err(format!(
        "`{start}…` has {} bytes, more than {MAX_BYTES}",
        expression.len()
    ))
}

fn describe(expression: &str, error: &minijinja::Error) -> String {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    format!("`{expression}`: {detail}{}", hint(expression))
}

/// What those who think in another language meant.
fn hint(expression: &str) -> &'static str {
    let assigns = expression.contains(" = ");
    match expression {
        e if e.contains("&&") => "; write `and`",
        e if e.contains("||") => "; write `or`",
        _ if assigns => "; write `==` to compare",
        e if e.starts_with('!') && !e.starts_with("!=") => "; write `not`",
        _ => "",
    }
}

/// Evaluates expressions of one run.
#[derive(Debug)]
pub struct Expressions {
    environment: Environment<'static>,
}

impl Expressions {
    /// An evaluator; `exists` answers the function of that name (is there a file below the root?).
    pub fn new(exists: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_function("exists", move |path: String| exists(&path));
        environment.add_function("always", || true);
        environment.add_function("failure", |state: &State<'_, '_>| failed(state));
        environment.add_function("success", |state: &State<'_, '_>| !failed(state));
        add_filters(&mut environment);
        Self { environment }
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// A sentence that quotes the expression.
    pub fn value(&self, expression: &str, scope: &Value) -> Result<Value, String> {
        check_length(expression)?;
        let compiled = self
            .environment
            .compile_expression(expression)
            .map_err(|e| describe(expression, &e))?;
        let value = compiled
            .eval(scope.clone())
            .map_err(|e| describe(expression, &e))?;
        if value.is_undefined() {
            return Err(format!("`{expression}` is not defined"));
        }
        Ok(value)
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub fn holds(&self, condition: &str, scope: &Value) -> Result<bool, String> {
        self.value(condition, scope).map(|v| v.is_true())
    }

    /// A template with its expressions replaced. Lists and mappings become JSON.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub fn render(&self, template: &str, scope: &Value) -> Result<String, String> {
        let mut out = String::with_capacity(template.len());
        for segment in segments(template)? {
            match segment {
                Segment::Text(text) => out.push_str(text),
                Segment::Expression(expression) => {
                    write_value(&mut out, &self.value(expression, scope)?)
                }
            }
        }
        Ok(out)
    }
}

/// Longest text that a filter may make, in bytes.
const MAX_TEXT: usize = 64 << 20;

/// Our filter, and those of minijinja that could make a text of any size, with a bound.
fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter("quote", |text: String| quote(&text));
    environment.add_filter("replace", |text: String, from: String, to: String| {
        let grown = text.matches(from.as_str()).count().saturating_mul(to.len());
        bounded(grown.saturating_add(text.len()), || {
            text.replace(&from, &to)
        })
    });
    environment.add_filter("join", |list: Value, between: Option<String>| {
        let between = between.unwrap_or_default();
        let parts: Vec<String> = list.try_iter()?.map(|v| v.to_string()).collect();
        let size = parts
            .iter()
            .map(|p| p.len().saturating_add(between.len()))
            .fold(0, usize::saturating_add);
        bounded(size, || parts.join(&between))
    });
}

fn bounded(size: usize, make: impl FnOnce() -> String) -> Result<String, minijinja::Error> {
    if size <= MAX_TEXT {
        return Ok(make());
    }
    let why = format!("a text of more than {MAX_TEXT} bytes");
    Err(minijinja::Error::new(
        minijinja::ErrorKind::InvalidOperation,
        why,
    ))
}

/// The scope says under this name whether a needed step failed.
pub const FAILED: &str = "__failed";

fn failed(state: &State<'_, '_>) -> bool {
    state.lookup(FAILED).is_some_and(|v| v.is_true())
}

fn write_value(out: &mut String, value: &Value) {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::None => {}
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => match serde_json::to_string(value)
        {
            Ok(json) => out.push_str(&json),
            Err(_) => _ = write!(out, "{value}"),
        },
        _ => _ = write!(out, "{value}"),
    }
}

/// Quotes a text for POSIX shells: one word whatever it holds.
pub fn quote(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::value::Value as V;
    use std::collections::BTreeMap;

    fn scope() -> V {
        let inputs = BTreeMap::from([("root", V::from("a b")), ("n", V::from(3))]);
        V::from(BTreeMap::from([
            ("inputs", V::from(inputs)),
            ("item", V::from(vec![1, 2])),
            (FAILED, V::from(true)),
        ]))
    }

    fn evaluator() -> Expressions {
        Expressions::new(|p| p == "Cargo.toml")
    }

    #[test]
    fn renders_values_lists_and_conditions() {
        let check = |t: &str, expect: &str| {
            assert_eq!(
                evaluator().render(t, &scope()).as_deref(),
                Ok(expect),
                "{t}"
            )
        };
        check("r=${{ inputs.root }}!", "r=a b!");
        check("${{ inputs.n + 1 }}", "4");
        check("${{ item }}", "[1,2]");
        check("${{ inputs.root | quote }}", "'a b'");
        check("${{ 'yes' if exists('Cargo.toml') else 'no' }}", "yes");
        check(
            "${{ failure() }}${{ success() }}${{ always() }}",
            "truefalsetrue",
        );
    }

    #[test]
    fn undefined_names_are_errors_that_quote_the_expression() {
        for expression in ["inputs.nope", "nope", "inputs.nope.deeper", "inputs.root |"] {
            let e = evaluator()
                .value(expression, &scope())
                .expect_err(expression);
            assert!(e.contains(expression), "{e}");
        }
    }

    #[test]
    fn texts_do_not_grow_without_bound() {
        let grow = "'aaaaaaaaaa'|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')|replace('a','aaaaaaaaaa')";
        let e = evaluator().value(grow, &scope()).expect_err("too long");
        assert!(e.contains("more than"), "{e}");
        assert!(
            evaluator()
                .value("range(99999)|join('x'*10000)", &scope())
                .is_err()
        );
        assert_eq!(
            evaluator()
                .render(
                    "${{ ['a', 1]|join('-') }}${{ 'aba'|replace('b', 'c') }}",
                    &scope()
                )
                .as_deref(),
            Ok("a-1aca")
        );
    }

    #[test]
    fn habits_of_other_languages_get_a_hint() {
        let hint = |e: &str| References::default().add_expression(e).expect_err(e);
        assert!(hint("inputs.a && inputs.b").ends_with("write `and`"));
        assert!(hint("inputs.a = 1").ends_with("write `==` to compare"));
    }

    #[test]
    fn long_expressions_are_refused_before_they_take_the_stack() {
        for link in ["1+", "not ", "--", "1|abs|abs+", "inputs.a.a+"] {
            let at_most = format!("{}1", link.repeat((MAX_BYTES - 1) / link.len()));
            _ = evaluator().value(&at_most, &scope());
            _ = References::default().add_expression(&at_most);
            let too_long = link.repeat(100_000);
            let e = evaluator()
                .value(&too_long, &scope())
                .expect_err("too long");
            assert!(e.contains("more than 2048"), "{e}");
            assert!(References::default().add_expression(&too_long).is_err());
        }
    }

    #[test]
    fn references_are_found() {
        let mut refs = References::default();
        let expression = "steps.a.files|length > 3 and inputs.x and item and always() and zebra";
        refs.add_expression(expression).expect("compiles");
        assert_eq!(refs.steps, BTreeSet::from(["a".to_owned()]));
        assert_eq!(refs.inputs, BTreeSet::from(["x".to_owned()]));
        assert_eq!(refs.unknown, BTreeSet::from(["zebra".to_owned()]));
        assert!(refs.item && refs.after_failure && refs.bare.is_none());
        refs.add_expression("steps['a'].b").expect("compiles");
        assert!(refs.bare.is_some() || refs.steps.len() == 1);
        assert!(References::default().add_expression("a +").is_err());
    }

    #[test]
    fn quoting_survives_a_shell() {
        assert_eq!(quote("a"), "a");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's; rm"), r"'it'\''s; rm'");
    }
}
