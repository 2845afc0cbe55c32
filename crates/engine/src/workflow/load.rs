//! From a file to a checked workflow, with the workflows that it calls.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::conform::conform;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::yaml::{self, Node};

use super::check;
use super::model::{Action, InputKind, Step, Workflow};
use super::spec::WORKFLOW;

/// Deepest nesting of workflows that call each other.
const MAX_NESTING: usize = 16;

/// A checked workflow file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Document {
    /// The file's name, as it was given.
    pub file: String,
    /// The workflow.
    pub workflow: Workflow,
    /// The line that each step begins in, from 1.
    pub lines: Vec<usize>,
    /// The workflows that its steps call, by the path written in the step.
    pub nested: BTreeMap<String, Arc<Document>>,
}

impl Document {
    /// The canonical form as pretty JSON: equal for documents that mean the same. Expressions and commands are compared
    /// as text.
    pub fn canonical(&self) -> String {
        serde_json::to_string_pretty(&self.workflow)
            .expect("because the model has only string keys")
    }

    /// The same for machines.
    pub(crate) fn canonical_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.workflow).expect("because the model has only string keys")
    }
}

/// Reads and checks a workflow file, and those that it calls.
///
/// # Errors
/// Every error found, each with its place. O(bytes).
pub fn load(path: &Path) -> Result<Document, Diagnostics> {
    let mut loader = Loader::default();
    let document = loader.load(path)?;
    Ok(Arc::unwrap_or_clone(document))
}

/// Loads workflows and those that they call, each file once.
#[derive(Default)]
struct Loader {
    /// The files on the way to the one being loaded.
    callers: Vec<PathBuf>,
    done: HashMap<PathBuf, Result<Arc<Document>, Diagnostics>>,
}

impl Loader {
    fn load(&mut self, path: &Path) -> Result<Arc<Document>, Diagnostics> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if let Some(done) = self.done.get(&real) {
            return done.clone();
        }
        let result = self.load_file(path, &real).map(Arc::new);
        self.done.insert(real, result.clone());
        result
    }

    fn load_file(&mut self, path: &Path, real: &Path) -> Result<Document, Diagnostics> {
        let (mut document, canonical, text) = read_and_parse(path)?;
        self.callers.push(real.to_path_buf());
        let errors = self.load_nested(&mut document, &canonical, path);
        self.callers.pop();
        if errors.is_empty() {
            Ok(document)
        } else {
            Err(Diagnostics::many(&document.file, &text, errors))
        }
    }
}

fn read_and_parse(path: &Path) -> Result<(Document, Node, String), Diagnostics> {
    let file = path.display().to_string();
    let text = read_regular(path)
        .map_err(|e| Diagnostic::whole(format!("cannot read the workflow: {e}")))
        .and_then(|bytes| {
            String::from_utf8(bytes).map_err(|e| {
                let message = format!(
                    "the workflow is not UTF-8 (at byte {})",
                    e.utf8_error().valid_up_to()
                );
                Diagnostic::whole(message)
            })
        })
        .map_err(|e| Diagnostics::single(&file, "", e))?;
    let (document, canonical) = parse_with_places(&file, &text)?;
    Ok((document, canonical, text))
}

/// Reads a file that is one: a pipe or a device could be read for ever.
fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    if about.len() > yaml::MAX_BYTES as u64 {
        let why = format!(
            "it has {} bytes, more than {}",
            about.len(),
            yaml::MAX_BYTES
        );
        return Err(std::io::Error::other(why));
    }
    std::fs::read(path)
}

/// Checks a workflow given as text. Workflows that it calls are not looked for.
///
/// # Errors
/// As [`load`].
pub fn parse(file: &str, text: &str) -> Result<Document, Diagnostics> {
    parse_with_places(file, text).map(|(document, _)| document)
}

fn parse_with_places(file: &str, text: &str) -> Result<(Document, Node), Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let node = yaml::parse(text).map_err(|e| Diagnostics::single(file, text, e))?;
    let (canonical, mut errors) = conform(&node, &WORKFLOW);
    let (mut workflow, steps) = decode(&canonical, !errors.is_empty());
    workflow.steps = Vec::with_capacity(steps.len());
    check::check(&canonical, &workflow, &steps, &mut errors);
    if !errors.is_empty() {
        return Err(Diagnostics::many(file, text, errors));
    }
    workflow.steps = steps.into_iter().map(|(_, step)| complete(step)).collect();
    for input in workflow.inputs.values_mut() {
        let default = input
            .default
            .as_ref()
            .map_or(InputKind::String, InputKind::of);
        input.kind = input.kind.or(Some(default));
    }
    if workflow.name.is_empty() {
        workflow.name = Path::new(file)
            .file_stem()
            .map_or("workflow".into(), |s| s.to_string_lossy().into_owned());
    }
    let lines = (0..workflow.steps.len())
        .map(|i| check::locate_step(&canonical, i, &["id"]).line)
        .collect();
    let document = Document {
        file: file.to_owned(),
        workflow,
        lines,
        nested: BTreeMap::new(),
    };
    Ok((document, canonical))
}

/// The typed workflow without its steps, and the steps that could be made out, each with its index.
fn decode(canonical: &Node, tolerant: bool) -> (Workflow, Vec<(usize, Step)>) {
    let mut steps = Vec::new();
    let list = canonical.get("steps").map(Node::items).unwrap_or_default();
    for (index, node) in list.iter().enumerate() {
        match serde_json::from_value(node.to_json()) {
            Ok(step) => steps.push((index, step)),
            Err(e) => assert!(tolerant, "because a step that conforms can be decoded: {e}"),
        }
    }
    let mut head = canonical.to_json();
    if let Some(object) = head.as_object_mut() {
        object.remove("steps");
    }
    let workflow = serde_json::from_value(head).unwrap_or_else(|e| {
        assert!(
            tolerant,
            "because a workflow that conforms can be decoded: {e}"
        );
        serde_json::from_str("{}").expect("because every key of a workflow has a default")
    });
    (workflow, steps)
}

/// Writes out what follows from the rest: all needs, the class, the title.
fn complete(mut step: Step) -> Step {
    step.needs = super::texts::needs_of(&step).into_iter().collect();
    if let Action::Run(run) = &mut step.action {
        run.success_codes.sort_unstable();
        run.success_codes.dedup();
    }
    step.class = step.class.or(Some(step.action.default_class()));
    if step.name.is_empty() {
        step.name.clone_from(&step.id);
    }
    step
}

impl Loader {
    fn load_nested(
        &mut self,
        document: &mut Document,
        canonical: &Node,
        path: &Path,
    ) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        let folder = path.parent().unwrap_or(Path::new(""));
        for (index, step) in document.workflow.steps.iter().enumerate() {
            let Action::Workflow(nested) = &step.action else {
                continue;
            };
            let at = |keys: &[&str]| check::locate_step(canonical, index, keys);
            match self.called(&folder.join(&nested.path)) {
                Ok(called) => {
                    let known = &called.workflow.inputs;
                    let place = |key: &str| at(&["workflow", "inputs", key]);
                    errors.extend(check::nested_inputs(step, nested, known, place));
                    document.nested.insert(nested.path.clone(), called);
                }
                Err((message, help)) => {
                    let message = format!("the workflow `{}` {message}", nested.path);
                    let error = Diagnostic::new(message, at(&["workflow", "path"]));
                    errors.push(error.maybe_help(help).in_step(&step.id));
                }
            }
        }
        errors
    }

    /// A workflow that another calls, or what is wrong with it.
    fn called(&mut self, target: &Path) -> Result<Arc<Document>, (String, Option<String>)> {
        let real = target
            .canonicalize()
            .unwrap_or_else(|_| target.to_path_buf());
        if self.callers.contains(&real) {
            return Err(("calls itself".into(), None));
        }
        if self.callers.len() >= MAX_NESTING {
            return Err((format!("is nested deeper than {MAX_NESTING} calls"), None));
        }
        self.load(target).map_err(|inner| {
            let first = inner.errors.first();
            let place = first
                .and_then(|e| e.place)
                .map(|p| format!(":{}:{}", p.line, p.column));
            let message = first.map(|e| e.message.as_str()).unwrap_or_default();
            let help = format!("{}{}: {message}", inner.file, place.unwrap_or_default());
            let count = match inner.errors.len() {
                1 => "has an error".to_owned(),
                n => format!("has {n} errors; the first stands below"),
            };
            (count, Some(help))
        })
    }
}
