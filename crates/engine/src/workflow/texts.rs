//! The texts of a step that may hold expressions, where they stand, and what follows: the steps it needs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::expression::References;
use super::model::{Action, Foreach, Step};

/// All steps that must be done before this one, sorted.
pub fn needs_of(step: &Step) -> BTreeSet<String> {
    let mut needs: BTreeSet<String> = step.needs.iter().cloned().collect();
    needs.extend(step.action.sources().1.iter().cloned());
    let mut refs = References::default();
    for text in texts(step) {
        // A text that does not compile is reported by the check; here it refers to nothing.
        _ = text.add_to(&mut refs);
    }
    needs.extend(refs.steps);
    needs
}

/// A text that may hold expressions, and the keys and indices that lead to it.
pub(super) struct Text<'a> {
    pub(super) keys: Vec<Cow<'a, str>>,
    pub(super) text: &'a str,
    /// Whether the whole text is an expression, without `${{ }}`.
    pub(super) bare: bool,
}

impl<'a> Text<'a> {
    fn bare(key: &'a str, text: &'a str) -> Self {
        Self {
            keys: vec![key.into()],
            text,
            bare: true,
        }
    }

    pub(super) fn template(keys: &[&'a str], text: &'a str) -> Self {
        Self {
            keys: keys.iter().map(|k| Cow::Borrowed(*k)).collect(),
            text,
            bare: false,
        }
    }

    pub(super) fn add_to(&self, refs: &mut References) -> Result<(), String> {
        if self.bare {
            refs.add_expression(self.text)
        } else {
            refs.add_template(self.text)
        }
    }
}

/// The elements of a list under `keys`.
fn elements<'a>(keys: &'a [&'a str], list: &'a [String]) -> impl Iterator<Item = Text<'a>> {
    list.iter().enumerate().map(move |(index, text)| {
        let mut element = Text::template(keys, text);
        element.keys.push(index.to_string().into());
        element
    })
}

/// Every text of a step that may hold expressions.
pub(super) fn texts(step: &Step) -> Vec<Text<'_>> {
    let mut out = Vec::new();
    out.extend(step.condition.as_deref().map(|c| Text::bare("if", c)));
    match &step.foreach {
        Some(Foreach::Expression(e)) => out.push(Text::bare("foreach", e)),
        Some(Foreach::List(items)) => out.extend(elements(&["foreach"], items)),
        None => {}
    }
    out.extend(step.env.iter().map(|(k, v)| Text::template(&["env", k], v)));
    action_texts(&step.action, &mut out);
    out
}

fn action_texts<'a>(action: &'a Action, out: &mut Vec<Text<'a>>) {
    let mut one = |keys: &[&'a str], text: &'a Option<String>| {
        out.extend(text.as_deref().map(|t| Text::template(keys, t)));
    };
    match action {
        Action::Read(r) => {
            out.extend(elements(&["read", "files"], &r.files));
            out.extend(elements(&["read", "exclude"], &r.exclude));
        }
        Action::Search(s) => out.push(Text::template(&["search", "pattern"], &s.pattern)),
        Action::Run(r) => {
            one(&["run", "shell"], &r.shell);
            one(&["run", "stdin"], &r.stdin);
            out.push(Text::template(&["run", "cwd"], &r.cwd));
            out.extend(elements(&["run", "argv"], &r.argv));
        }
        Action::Ask(a) => out.push(Text::template(&["ask", "prompt"], &a.prompt)),
        Action::Consolidate(c) => {
            one(&["consolidate", "title"], &c.title);
            one(&["consolidate", "output"], &c.output);
            one(&["consolidate", "baseline"], &c.baseline);
            one(&["consolidate", "write_baseline"], &c.write_baseline);
        }
        Action::Workflow(n) => {
            let inputs = n.inputs.iter();
            out.extend(inputs.map(|(k, v)| Text::template(&["workflow", "inputs", k], v)));
        }
    }
}
