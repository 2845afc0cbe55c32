//! The checks that need to see the whole workflow: ids, references, expressions, patterns, paths, cycles.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path};

use autoexec_scheduler::{Error as GraphError, GraphBuilder, Node as GraphNode, StepId};

use crate::document::diagnostic::{Diagnostic, Place, suggestion};
use crate::document::template::{is_template, segments};
use crate::document::yaml::Node;
use crate::provider;

use super::expression::{ROOTS, References};
use super::model::{Action, Foreach, Input, Nested, Step, Workflow};

/// Most steps of a workflow.
const MAX_STEPS: usize = 100_000;

/// Adds every error that can be seen without running anything. `steps` are those that could be decoded, with their
/// index in the document. O(document).
pub(super) fn check(
    canonical: &Node,
    workflow: &Workflow,
    steps: &[(usize, Step)],
    errors: &mut Vec<Diagnostic>,
) {
    let list = canonical.get("steps");
    let Some(list) = list.filter(|l| !l.items().is_empty()) else {
        if errors.is_empty() {
            let place = list.map_or(canonical.place, |l| l.place);
            errors.push(
                Diagnostic::new("the workflow has no steps", place)
                    .help("add a step under `steps:`"),
            );
        }
        return;
    };
    if list.items().len() > MAX_STEPS {
        errors.push(Diagnostic::new(
            format!("more than {MAX_STEPS} steps"),
            list.place,
        ));
        return;
    }
    let checks = Checks {
        canonical,
        workflow,
        ids: ids(list, errors),
        actions: actions(steps),
    };
    checks.head(errors);
    for (index, step) in steps {
        checks.step(*index, step, errors);
    }
    if errors.is_empty() {
        checks.cycle(steps, errors);
    }
}

/// Where the value under `keys` of the step at `index` stands.
pub(super) fn locate_step(canonical: &Node, index: usize, keys: &[&str]) -> Place {
    match canonical.get("steps").and_then(|l| l.items().get(index)) {
        Some(step) => locate(step, keys),
        None => canonical.place,
    }
}

/// Follows keys and list indices as far as they lead.
fn locate(node: &Node, keys: &[&str]) -> Place {
    let mut at = node;
    for key in keys {
        let item = key.parse::<usize>().ok().and_then(|i| at.items().get(i));
        match at.get(key).or(item) {
            Some(next) => at = next,
            None => break,
        }
    }
    at.place
}

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

/// A text of a step that may hold expressions.
struct Text<'a> {
    keys: Vec<&'a str>,
    text: &'a str,
    bare: bool,
}

impl Text<'_> {
    fn add_to(&self, refs: &mut References) -> Result<(), String> {
        if self.bare {
            refs.add_expression(self.text)
        } else {
            refs.add_template(self.text)
        }
    }
}

/// Every text of a step that may hold expressions.
fn texts(step: &Step) -> Vec<Text<'_>> {
    let mut out = Vec::new();
    let bare = |key, text| Text {
        keys: vec![key],
        text,
        bare: true,
    };
    out.extend(step.condition.as_deref().map(|c| bare("if", c)));
    match &step.foreach {
        Some(Foreach::Expression(e)) => out.push(bare("foreach", e)),
        Some(Foreach::List(items)) => {
            out.extend(items.iter().map(|t| template(vec!["foreach"], t)))
        }
        None => {}
    }
    out.extend(step.env.iter().map(|(k, v)| template(vec!["env", k], v)));
    action_texts(&step.action, &mut out);
    out
}

fn template<'a>(keys: Vec<&'a str>, text: &'a str) -> Text<'a> {
    Text {
        keys,
        text,
        bare: false,
    }
}

fn action_texts<'a>(action: &'a Action, out: &mut Vec<Text<'a>>) {
    match action {
        Action::Read(r) => {
            out.extend(r.files.iter().map(|t| template(vec!["read", "files"], t)));
            out.extend(
                r.exclude
                    .iter()
                    .map(|t| template(vec!["read", "exclude"], t)),
            );
        }
        Action::Search(s) => out.push(template(vec!["search", "pattern"], &s.pattern)),
        Action::Run(r) => {
            out.extend(r.shell.iter().map(|t| template(vec!["run", "shell"], t)));
            out.extend(r.argv.iter().map(|t| template(vec!["run", "argv"], t)));
            out.push(template(vec!["run", "cwd"], &r.cwd));
            out.extend(r.stdin.iter().map(|t| template(vec!["run", "stdin"], t)));
        }
        Action::Ask(a) => out.push(template(vec!["ask", "prompt"], &a.prompt)),
        Action::Consolidate(c) => {
            out.extend(
                c.title
                    .iter()
                    .map(|t| template(vec!["consolidate", "title"], t)),
            );
            out.extend(
                c.output
                    .iter()
                    .map(|t| template(vec!["consolidate", "output"], t)),
            );
        }
        Action::Workflow(n) => out.extend(
            n.inputs
                .iter()
                .map(|(k, v)| template(vec!["workflow", "inputs", k], v)),
        ),
    }
}

/// All ids, with an error for each that stands twice.
fn ids<'a>(list: &'a Node, errors: &mut Vec<Diagnostic>) -> BTreeSet<&'a str> {
    let mut first: HashMap<&str, Place> = HashMap::new();
    for step in list.items() {
        let Some(id) = step.get("id") else { continue };
        let Some(name) = id.as_str() else { continue };
        if let Some(earlier) = first.get(name) {
            let message = format!("a second step has the id `{name}`");
            errors.push(
                Diagnostic::new(message, id.place)
                    .help(format!("the first is in line {}", earlier.line)),
            );
        } else {
            first.insert(name, id.place);
        }
    }
    first.into_keys().collect()
}

fn actions(steps: &[(usize, Step)]) -> HashMap<&str, &Step> {
    steps
        .iter()
        .map(|(_, step)| (step.id.as_str(), step))
        .collect()
}

struct Checks<'a> {
    canonical: &'a Node,
    workflow: &'a Workflow,
    ids: BTreeSet<&'a str>,
    actions: HashMap<&'a str, &'a Step>,
}

impl Checks<'_> {
    fn head(&self, errors: &mut Vec<Diagnostic>) {
        let mut early: Vec<(Vec<&str>, &str)> = vec![(vec!["root"], &self.workflow.root)];
        early.extend(
            self.workflow
                .env
                .iter()
                .map(|(k, v)| (vec!["env", k], v.as_str())),
        );
        for (keys, text) in early {
            let refs = self.text_refs(
                template(keys.clone(), text),
                locate(self.canonical, &keys),
                None,
                errors,
            );
            if let Some(step) = refs.steps.first() {
                let message = format!("`steps.{step}` is used here, before any step has run");
                errors.push(Diagnostic::new(message, locate(self.canonical, &keys)));
            }
        }
        for (key, text) in &self.workflow.outputs {
            let place = locate(self.canonical, &["outputs", key]);
            let refs = self.text_refs(template(vec![], text), place, None, errors);
            for id in &refs.steps {
                self.known_step(id, None, place, errors);
            }
        }
    }

    fn step(&self, index: usize, step: &Step, errors: &mut Vec<Diagnostic>) {
        let at = |keys: &[&str]| locate_step(self.canonical, index, keys);
        for (i, id) in step.needs.iter().enumerate() {
            self.known_step(id, Some(step), at(&["needs", &i.to_string()]), errors);
        }
        let (key, sources) = step.action.sources();
        for (i, id) in sources.iter().enumerate() {
            let place = at(&[step.action.name(), key, &i.to_string()]);
            self.known_step(id, Some(step), place, errors);
            self.source_kind(step, id, place, errors);
        }
        for text in texts(step) {
            let place = at(&text.keys);
            let refs = self.text_refs(text, place, Some(step), errors);
            for id in &refs.steps {
                self.known_step(id, Some(step), place, errors);
            }
        }
        self.action(step, &at, errors);
    }

    /// What a text refers to; errors for what it may not.
    fn text_refs(
        &self,
        text: Text<'_>,
        place: Place,
        step: Option<&Step>,
        errors: &mut Vec<Diagnostic>,
    ) -> References {
        let mut refs = References::default();
        if !text.bare && segments(text.text).is_err() {
            // Reported where the document was compared with its shape.
            return refs;
        }
        let mut report = |message: String, help: Option<String>| {
            let error = Diagnostic::new(message, place).maybe_help(help);
            errors.push(match step {
                Some(step) => error.in_step(&step.id),
                None => error,
            });
        };
        if let Err(why) = text.add_to(&mut refs) {
            report(format!("the expression {why}"), None);
            return refs;
        }
        for name in &refs.unknown {
            report(
                format!("unknown name `{name}` in an expression"),
                suggestion(name, ROOTS),
            );
        }
        for name in refs
            .inputs
            .iter()
            .filter(|n| !self.workflow.inputs.contains_key(*n))
        {
            let known = self.workflow.inputs.keys().map(String::as_str);
            report(format!("unknown input `{name}`"), suggestion(name, known));
        }
        if let Some(bare) = refs.bare {
            report(
                format!("`{bare}` needs a name behind it"),
                Some(format!("write `{bare}.NAME`")),
            );
        }
        if refs.item && step.is_none_or(|s| s.foreach.is_none()) {
            report(
                "`item` and `index` exist only in a step with `foreach`".into(),
                None,
            );
        }
        refs
    }

    fn known_step(
        &self,
        id: &str,
        step: Option<&Step>,
        place: Place,
        errors: &mut Vec<Diagnostic>,
    ) {
        let in_step = |e: Diagnostic| match step {
            Some(s) => e.in_step(&s.id),
            None => e,
        };
        if step.is_some_and(|s| s.id == id) {
            errors.push(in_step(Diagnostic::new(
                format!("step `{id}` needs itself"),
                place,
            )));
        } else if !self.ids.contains(id) {
            let help = suggestion(id, self.ids.iter().copied());
            errors.push(in_step(
                Diagnostic::new(format!("there is no step `{id}`"), place).maybe_help(help),
            ));
        }
    }

    fn source_kind(&self, step: &Step, id: &str, place: Place, errors: &mut Vec<Diagnostic>) {
        let is_search = matches!(step.action, Action::Search(_));
        let Some(source) = self.actions.get(id).filter(|_| is_search) else {
            return;
        };
        if !matches!(source.action, Action::Read(_)) {
            let message = format!(
                "`search` looks through files of `read` steps; `{id}` is a `{}` step",
                source.action.name()
            );
            errors.push(Diagnostic::new(message, place).in_step(&step.id));
        }
    }

    fn action(&self, step: &Step, at: &dyn Fn(&[&str]) -> Place, errors: &mut Vec<Diagnostic>) {
        // A misspelt key is missing here; its own error has been reported.
        let is_suspect = errors.iter().any(|e| e.step.as_deref() == Some(&step.id));
        let mut report = |keys: &[&str], message: String, help: Option<String>| {
            errors.push(
                Diagnostic::new(message, at(keys))
                    .maybe_help(help)
                    .in_step(&step.id),
            );
        };
        match &step.action {
            Action::Read(read) => {
                for (key, list) in [("files", &read.files), ("exclude", &read.exclude)] {
                    for (i, pattern) in list.iter().enumerate().filter(|(_, p)| !is_template(p)) {
                        if let Err(why) = check_pattern(pattern) {
                            report(&["read", key, &i.to_string()], why, None);
                        }
                    }
                }
                if read.files.is_empty() {
                    report(&["read", "files"], "no file is named".into(), None);
                }
            }
            Action::Search(search) if !search.literal && !is_template(&search.pattern) => {
                if let Err(e) = regex::bytes::Regex::new(&search.pattern) {
                    report(&["search", "pattern"], regex_message(&e), None);
                }
            }
            Action::Run(run) => {
                let program = run.shell.as_ref().or(run.argv.first());
                if !is_suspect && program.is_none_or(|p| p.trim().is_empty()) {
                    report(&["run"], "the command is empty".into(), None);
                }
                relative(&run.cwd, &["run", "cwd"], &mut report);
            }
            Action::Ask(ask) if !provider::NAMES.contains(&ask.provider.as_str()) => {
                let message = format!("there is no provider `{}`", ask.provider);
                let help = suggestion(&ask.provider, provider::NAMES);
                report(&["ask", "provider"], message, help);
            }
            Action::Consolidate(c) => {
                if let Some(output) = &c.output {
                    relative(output, &["consolidate", "output"], &mut report);
                }
            }
            _ => {}
        }
    }

    fn cycle(&self, steps: &[(usize, Step)], errors: &mut Vec<Diagnostic>) {
        let number: HashMap<&str, u32> = steps
            .iter()
            .zip(0..)
            .map(|((_, s), i)| (s.id.as_str(), i))
            .collect();
        let mut graph = GraphBuilder::new(1);
        for _ in steps {
            graph.step(GraphNode::default());
        }
        for ((_, step), after) in steps.iter().zip(0..) {
            for need in needs_of(step) {
                graph.edge(StepId(number[need.as_str()]), StepId(after));
            }
        }
        let Err(GraphError::Cycle(cycle)) = graph.build() else {
            return;
        };
        let name = |id: &StepId| steps[id.index()].1.id.clone();
        let mut names: Vec<String> = cycle.iter().map(name).collect();
        names.extend(names.first().cloned());
        let (index, first) = &steps[cycle[0].index()];
        let message = format!("steps need each other in a circle: {}", names.join(" → "));
        let place = locate_step(self.canonical, *index, &["id"]);
        errors.push(
            Diagnostic::new(message, place)
                .in_step(&first.id)
                .help("`a → b`: b needs a"),
        );
    }
}

type Report<'a> = dyn FnMut(&[&str], String, Option<String>) + 'a;

fn relative(path: &str, keys: &[&str], report: &mut Report<'_>) {
    if !is_template(path)
        && let Some(why) = escapes(path)
    {
        report(keys, why, None);
    }
}

/// Why a path leaves the folder that it is relative to, if it does, by its text alone.
pub(crate) fn escapes(path: &str) -> Option<String> {
    let mut depth = 0i32;
    for component in Path::new(path).components() {
        match component {
            Component::Prefix(_) | Component::RootDir => {
                return Some(format!("`{path}` is absolute; it must be relative"));
            }
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
        if depth < 0 {
            return Some(format!("`{path}` leads out of its folder"));
        }
    }
    None
}

/// Whether a pattern is a glob that compiles, or a path, below the root.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), String> {
    if let Some(why) = escapes(pattern) {
        return Err(why);
    }
    globset::Glob::new(pattern)
        .map(|_| ())
        .map_err(|e| format!("the glob `{pattern}` is wrong: {}", e.kind()))
}

/// The last line of a regex error holds the reason; the others draw a picture.
pub(crate) fn regex_message(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text
        .lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    format!("the regular expression is wrong: {reason}")
}

/// Errors of the inputs that a step gives to the workflow that it calls.
pub(super) fn nested_inputs(
    step: &Step,
    nested: &Nested,
    known: &BTreeMap<String, Input>,
    at: impl Fn(&str) -> Place,
) -> Vec<Diagnostic> {
    let unknown = nested
        .inputs
        .keys()
        .filter(|k| !known.contains_key(*k))
        .map(|key| {
            let help = suggestion(key, known.keys().map(String::as_str));
            Diagnostic::new(format!("`{}` has no input `{key}`", nested.path), at(key))
                .maybe_help(help)
        });
    let missing = known
        .iter()
        .filter(|(k, i)| i.required && i.default.is_none() && !nested.inputs.contains_key(*k));
    let missing = missing.map(|(key, _)| {
        Diagnostic::new(
            format!("`{}` needs the input `{key}`", nested.path),
            at(key),
        )
    });
    unknown
        .chain(missing)
        .map(|e| e.in_step(&step.id))
        .collect()
}
