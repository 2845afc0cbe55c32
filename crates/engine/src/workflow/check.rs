//! The checks that need to see the whole workflow: ids, references, expressions, patterns, paths, cycles.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use autoexec_scheduler::{Error as GraphError, GraphBuilder, Node as GraphNode, StepId};

use crate::document::diagnostic::{Diagnostic, Place, suggestion};
use crate::document::template::{is_template, segments};
use crate::document::yaml::{Node, Value};
use crate::provider;

use super::expression::{ROOTS, References};
use super::model::{Action, Input, InputKind, Nested, Step, Workflow};
use super::rules::{check_pattern, escapes, regex_message};
use super::texts::{Text, needs_of, texts};

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
    let suspect = errors.iter().filter_map(|e| e.step.clone()).collect();
    let checks = Checks {
        suspect,
        canonical,
        workflow,
        ids: ids(list, errors),
        actions: actions(steps),
    };
    checks.head(errors);
    for (index, step) in steps {
        checks.step(*index, step, errors);
    }
    checks.same_outputs(steps, errors);
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

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_variable(text: &str) -> bool {
    !text.is_empty() && !text.contains(['=', '\0'])
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

/// A circle, of a long one its ends.
fn circle(names: &[String]) -> String {
    const ENDS: usize = 5;
    if names.len() <= 2 * ENDS + 2 {
        return names.join(" → ");
    }
    let (first, last) = (&names[..ENDS], &names[names.len() - ENDS..]);
    let between = names.len() - 2 * ENDS;
    format!(
        "{} → … {between} more … → {}",
        first.join(" → "),
        last.join(" → ")
    )
}

/// What expressions can ask of a step.
fn fields_of(step: &Step) -> Vec<&'static str> {
    let own: &[&str] = match (&step.foreach, &step.action) {
        (Some(_), _) => &["items"],
        (None, Action::Read(_)) => &["files", "count", "bytes", "problems"],
        (None, Action::Search(_)) => &SEARCH_FIELDS,
        (None, Action::Run(_)) => &RUN_FIELDS,
        (None, Action::Ask(_)) => &[
            "text",
            "provider",
            "input_tokens",
            "output_tokens",
            "estimated",
            "cached",
            "dropped",
            "recall",
        ],
        (None, Action::Consolidate(c)) if c.baseline.is_some() => &CONSOLIDATE_FIELDS,
        (None, Action::Consolidate(_)) => &CONSOLIDATE_FIELDS[BASELINE_FIELDS..],
        (None, Action::Workflow(_)) => &["outputs", "report"],
    };
    own.iter().copied().chain(["outcome", "error"]).collect()
}

const CONSOLIDATE_FIELDS: [&str; 10] = [
    "new", "known", "gone", "text", "path", "steps", "findings", "digest", "folded", "brief",
];
/// So many of them, the first, are those of a step with a `baseline`.
const BASELINE_FIELDS: usize = 3;
const SEARCH_FIELDS: [&str; 7] = [
    "findings",
    "count",
    "files_matched",
    "files_searched",
    "pattern",
    "severity",
    "problems",
];
const RUN_FIELDS: [&str; 7] = [
    "stdout",
    "stderr",
    "exit_code",
    "command",
    "stdout_bytes",
    "stderr_bytes",
    "truncated",
];

/// The nearest name, unless there are so many errors that nobody would read it.
fn suggest<'a>(
    errors: usize,
    word: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    (errors < MOST_SUGGESTIONS)
        .then(|| suggestion(word, names))
        .flatten()
}

/// What is used where it has no meaning.
fn misplaced(refs: &References, text: &Text<'_>, context: Context<'_>) -> Option<String> {
    let is_wide = matches!(context, Context::Step(s) if s.foreach.is_some());
    match context {
        Context::Head if refs.exists => {
            Some("`exists` is used here, before the root is known".into())
        }
        Context::Head if !refs.steps.is_empty() => {
            let step = refs.steps.first().map_or("", String::as_str);
            Some(format!(
                "`steps.{step}` is used here, before any step has run"
            ))
        }
        Context::Head | Context::Outputs if refs.status => {
            Some("`always`, `failure` and `success` tell of the needed steps; here are none".into())
        }
        _ if refs.item && !is_wide => {
            Some("`item` and `index` exist only in a step with `foreach`".into())
        }
        _ if refs.item && text.bare => Some(
            "`item` and `index` are not known yet: `if` and `foreach` are evaluated once, before"
                .into(),
        ),
        _ => None,
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

/// Errors for which the nearest name is looked for; among thousands nobody reads it, and it costs names × errors.
const MOST_SUGGESTIONS: usize = 50;

struct Checks<'a> {
    canonical: &'a Node,
    workflow: &'a Workflow,
    ids: BTreeSet<&'a str>,
    actions: HashMap<&'a str, &'a Step>,
    /// Steps with an error already: what is missing in them may be misspelt.
    suspect: HashSet<String>,
}

/// Where a text stands among the others decides what it may refer to.
#[derive(Clone, Copy)]
enum Context<'a> {
    /// Before any step, and before the root is known.
    Head,
    /// After all steps.
    Outputs,
    Step(&'a Step),
}

impl Checks<'_> {
    fn head(&self, errors: &mut Vec<Diagnostic>) {
        for (section, is_valid, what) in [
            (
                "inputs",
                is_name as fn(&str) -> bool,
                "a name that expressions can use",
            ),
            ("outputs", is_name, "a name that expressions can use"),
            ("env", is_variable, "the name of an environment variable"),
        ] {
            let Some(Value::Map(entries)) = self.canonical.get(section).map(|n| &n.value) else {
                continue;
            };
            for (key, _) in entries.iter().filter(|(k, _)| !is_valid(&k.name)) {
                errors.push(Diagnostic::new(
                    format!("`{}` is not {what}", key.name),
                    key.place,
                ));
            }
        }
        self.defaults(errors);
        let root = std::iter::once((vec!["root"], &self.workflow.root));
        let env = self.workflow.env.iter().map(|(k, v)| (vec!["env", k], v));
        for (keys, text) in root.chain(env) {
            let place = || locate(self.canonical, &keys);
            self.refs(&Text::template(&keys, text), &place, Context::Head, errors);
        }
        for (key, text) in &self.workflow.outputs {
            let place = || locate(self.canonical, &["outputs", key]);
            self.refs(&Text::template(&[], text), &place, Context::Outputs, errors);
        }
    }

    fn defaults(&self, errors: &mut Vec<Diagnostic>) {
        for (name, input) in &self.workflow.inputs {
            let (Some(kind), Some(default)) = (input.kind, &input.default) else {
                continue;
            };
            if InputKind::of(default) != kind {
                let place = locate(self.canonical, &["inputs", name, "default"]);
                errors.push(Diagnostic::new(
                    "the default is not of the input's type",
                    place,
                ));
            }
        }
    }

    fn step(&self, index: usize, step: &Step, errors: &mut Vec<Diagnostic>) {
        let at = |keys: &[&str]| locate_step(self.canonical, index, keys);
        for (i, id) in step.needs.iter().enumerate() {
            self.known_step(id, Some(step), &|| at(&["needs", &i.to_string()]), errors);
        }
        let (key, sources) = step.action.sources();
        for (i, id) in sources.iter().enumerate() {
            let place = || at(&[step.action.name(), key, &i.to_string()]);
            self.known_step(id, Some(step), &place, errors);
            self.source_kind(step, id, &place, errors);
        }
        for text in texts(step) {
            let keys: Vec<&str> = text.keys.iter().map(Cow::as_ref).collect();
            self.refs(&text, &|| at(&keys), Context::Step(step), errors);
        }
        self.options(step, &at, errors);
        self.action(step, &at, errors);
    }

    fn options(&self, step: &Step, at: &dyn Fn(&[&str]) -> Place, errors: &mut Vec<Diagnostic>) {
        let mut report = |keys: &[&str], message: String| {
            errors.push(Diagnostic::new(message, at(keys)).in_step(&step.id));
        };
        if step.timeout.is_some_and(|t| t.is_zero()) {
            report(
                &["timeout"],
                "a timeout of nothing always ends the step".into(),
            );
        }
        let action = step.action.name();
        if !step.env.is_empty() && !matches!(step.action, Action::Run(_) | Action::Workflow(_)) {
            report(
                &["env"],
                format!("`env` is for commands; a `{action}` step has none"),
            );
        }
        for key in step.env.keys().filter(|k| !is_variable(k)) {
            report(
                &["env", key],
                format!("`{key}` cannot be the name of an environment variable"),
            );
        }
        if step.cache.is_some() && !matches!(step.action, Action::Ask(_)) {
            report(
                &["cache"],
                format!("`cache` is for questions; a `{action}` step has none"),
            );
        }
        for (key, file) in written_files(step) {
            if step.foreach.is_some() && !is_template(file) {
                let message = format!(
                    "every task would write `{file}`; use `${{{{ index }}}}` or `item` in the name"
                );
                report(&["consolidate", key], message);
            }
        }
    }

    /// Errors for what a text refers to and may not.
    fn refs(
        &self,
        text: &Text<'_>,
        place: &dyn Fn() -> Place,
        context: Context<'_>,
        errors: &mut Vec<Diagnostic>,
    ) {
        if !text.bare && segments(text.text).is_err() {
            // Reported where the document was compared with its shape.
            return;
        }
        let step = match context {
            Context::Step(step) => Some(step),
            _ => None,
        };
        let mut refs = References::default();
        let complaints = match text.add_to(&mut refs) {
            Err(why) => vec![(format!("the expression {why}"), None)],
            Ok(()) => self.complaints(&refs, text, context, errors.len()),
        };
        for (message, help) in complaints {
            let error = Diagnostic::new(message, place()).maybe_help(help);
            errors.push(match step {
                Some(step) => error.in_step(&step.id),
                None => error,
            });
        }
        if !matches!(context, Context::Head) {
            for id in &refs.steps {
                self.known_step(id, step, place, errors);
            }
        }
    }

    fn complaints(
        &self,
        refs: &References,
        text: &Text<'_>,
        context: Context<'_>,
        errors: usize,
    ) -> Vec<(String, Option<String>)> {
        let mut out = Vec::new();
        for name in &refs.unknown {
            let help = suggest(errors, name, ROOTS);
            out.push((format!("unknown name `{name}` in an expression"), help));
        }
        let inputs = &self.workflow.inputs;
        for name in refs.inputs.iter().filter(|n| !inputs.contains_key(*n)) {
            let help = suggest(errors, name, inputs.keys().map(String::as_str));
            out.push((format!("unknown input `{name}`"), help));
        }
        for filter in &refs.unknown_filters {
            out.push((format!("there is no filter `{filter}`"), None));
        }
        for (id, field) in &refs.fields {
            let Some(step) = self.actions.get(id.as_str()) else {
                continue;
            };
            let fields = fields_of(step);
            if !fields.contains(&field.as_str()) {
                let help = suggest(errors, field, fields.iter().copied());
                let action = step.action.name();
                out.push((format!("a `{action}` step yields no `{field}`"), help));
            }
        }
        if let Some(bare) = refs.bare {
            let help = format!("write `{bare}.NAME`");
            out.push((format!("`{bare}` needs a name behind it"), Some(help)));
        }
        if let Some(why) = misplaced(refs, text, context) {
            out.push((why, None));
        }
        out
    }

    fn known_step(
        &self,
        id: &str,
        step: Option<&Step>,
        place: &dyn Fn() -> Place,
        errors: &mut Vec<Diagnostic>,
    ) {
        let error = if step.is_some_and(|s| s.id == id) {
            Diagnostic::new(format!("step `{id}` needs itself"), place())
        } else if !self.ids.contains(id) {
            let help = suggest(errors.len(), id, self.ids.iter().copied());
            Diagnostic::new(format!("there is no step `{id}`"), place()).maybe_help(help)
        } else {
            return;
        };
        errors.push(match step {
            Some(s) => error.in_step(&s.id),
            None => error,
        });
    }

    fn source_kind(
        &self,
        step: &Step,
        id: &str,
        place: &dyn Fn() -> Place,
        errors: &mut Vec<Diagnostic>,
    ) {
        let is_search = matches!(step.action, Action::Search(_));
        let Some(source) = self.actions.get(id).filter(|_| is_search) else {
            return;
        };
        if !matches!(source.action, Action::Read(_)) {
            let message = format!(
                "`search` looks through files of `read` steps; `{id}` is a `{}` step",
                source.action.name()
            );
            errors.push(Diagnostic::new(message, place()).in_step(&step.id));
        }
    }

    fn action(&self, step: &Step, at: &dyn Fn(&[&str]) -> Place, errors: &mut Vec<Diagnostic>) {
        // A misspelt key is missing here; its own error has been reported.
        let is_suspect = self.suspect.contains(&step.id);
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
                for (key, file) in written_files(step) {
                    relative(file, &["consolidate", key], &mut report);
                }
                if let Some(baseline) = &c.baseline {
                    relative(baseline, &["consolidate", "baseline"], &mut report);
                }
            }
            _ => {}
        }
    }

    /// Two steps that write one file: the last would win.
    fn same_outputs(&self, steps: &[(usize, Step)], errors: &mut Vec<Diagnostic>) {
        let mut written: HashMap<PathBuf, &str> = HashMap::new();
        for (index, step) in steps {
            for (key, file) in written_files(step) {
                // Conditions may exclude each other; what is inserted is not known.
                if is_template(file) || step.condition.is_some() {
                    continue;
                }
                let path: PathBuf = Path::new(file)
                    .components()
                    .filter(|c| *c != Component::CurDir)
                    .collect();
                if let Some(first) = written.insert(path, &step.id) {
                    let place = locate_step(self.canonical, *index, &["consolidate", key]);
                    let message = match first == step.id {
                        true => format!("this step writes `{file}` twice"),
                        false => format!("step `{first}` writes `{file}` too"),
                    };
                    errors.push(Diagnostic::new(message, place).in_step(&step.id));
                }
            }
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
        let message = format!("steps need each other in a circle: {}", circle(&names));
        let place = locate_step(self.canonical, *index, &["id"]);
        errors.push(
            Diagnostic::new(message, place)
                .in_step(&first.id)
                .help("`a → b`: b needs a"),
        );
    }
}

/// The files that a step writes, with the keys that name them.
fn written_files(step: &Step) -> impl Iterator<Item = (&'static str, &str)> {
    let files = match &step.action {
        Action::Consolidate(c) => [
            ("output", c.output.as_deref()),
            ("write_baseline", c.write_baseline.as_deref()),
        ],
        _ => [("", None); 2],
    };
    (files.into_iter()).filter_map(|(key, file)| Some((key, file?)))
}

type Report<'a> = dyn FnMut(&[&str], String, Option<String>) + 'a;

fn relative(path: &str, keys: &[&str], report: &mut Report<'_>) {
    if !is_template(path)
        && let Some(why) = escapes(path)
    {
        report(keys, why, None);
    }
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
