//! The keys of a workflow file, their shapes, defaults and documentation. The only place where they are listed.

use crate::document::shape::{Field, Object, Shape, Short, ShortShape};

const NOT_YET_ACTION: &str = "this version parses the action but cannot carry it out yet";
const NOT_YET_OPTION: &str = "this version knows the option but cannot honour it yet";

const TEXTS: Shape = Shape::List {
    of: &Shape::Template,
    one: true,
};
const STEPS: Shape = Shape::List {
    of: &Shape::Name,
    one: true,
};

/// The eight actions; a step has exactly one.
pub const ACTIONS: [&str; 8] = [
    "read",
    "search",
    "run",
    "ask",
    "call",
    "plan",
    "consolidate",
    "workflow",
];

/// A workflow file.
pub static WORKFLOW: Object = Object {
    name: "workflow",
    doc: "A workflow: steps that form a graph, with the inputs they take.",
    short: &[],
    exactly_one: &[],
    fields: &[
        Field::new(
            "name",
            Shape::Text,
            "The name shown in reports; the file's name when absent.",
        ),
        Field::new("description", Shape::Text, "What the workflow is for."),
        Field::new(
            "inputs",
            Shape::Map(&Shape::Object(&INPUT)),
            "Values given at the start with `--input NAME=VALUE`.",
        ),
        Field::new(
            "env",
            Shape::Map(&Shape::Scalar),
            "Environment variables of every command.",
        ),
        Field::new(
            "root",
            Shape::Template,
            "The folder that the workflow may read; nothing outside it is opened.",
        )
        .default("."),
        Field::new(
            "on_failure",
            Shape::OneOf(&["stop", "continue"]),
            "Whether independent steps go on after a failure.",
        )
        .default("stop"),
        Field::new(
            "limits",
            Shape::Object(&LIMITS),
            "How many steps of a class run at once.",
        ),
        Field::new(
            "outputs",
            Shape::Map(&Shape::Template),
            "Values handed to a calling workflow, as `steps.ID.outputs.NAME`.",
        ),
        Field::new(
            "steps",
            Shape::List {
                of: &Shape::Object(&STEP),
                one: false,
            },
            "The steps.",
        )
        .required(),
    ],
};

static INPUT: Object = Object {
    name: "input",
    doc: "A value given at the start.",
    short: &[Short {
        shape: ShortShape::Scalar,
        field: "default",
    }],
    exactly_one: &[],
    fields: &[
        Field::new("description", Shape::Text, "What it is for."),
        Field::new(
            "type",
            Shape::OneOf(&["string", "number", "boolean"]),
            "What a given value must be; that of the default when absent, else string.",
        ),
        Field::new("default", Shape::Literal, "Its value when none is given."),
        Field::new("required", Shape::Bool, "Whether it must be given.").default("false"),
    ],
};

const LIMIT: Shape = Shape::Integer { min: 1, max: 4096 };

static LIMITS: Object = Object {
    name: "limits",
    doc: "How many steps of a class run at once; the settings' values where absent.",
    short: &[],
    exactly_one: &[],
    fields: &[
        Field::new("cpu", LIMIT, "Steps of class `cpu` at once."),
        Field::new("io", LIMIT, "Steps of class `io` at once."),
        Field::new("memory", LIMIT, "Steps of class `memory` at once."),
    ],
};

static STEP: Object = Object {
    name: "step",
    doc: "One step: exactly one action, and options that all actions share.",
    short: &[],
    exactly_one: &ACTIONS,
    fields: &[
        Field::new(
            "id",
            Shape::Name,
            "The name by which other steps and expressions refer to it.",
        )
        .required(),
        Field::new(
            "name",
            Shape::Text,
            "A title for reports; the id when absent.",
        ),
        Field::new(
            "needs",
            STEPS,
            "Steps that must be done first; steps named by the action or in expressions are added.",
        ),
        Field::new(
            "if",
            Shape::Expression,
            "Run only if this holds; `always()` and `failure()` also run it after failures.",
        ),
        Field::new(
            "foreach",
            Shape::ListOrExpression,
            "Run once per element, at the same time; `item` and `index` are set.",
        ),
        Field::new(
            "class",
            Shape::OneOf(&["cpu", "io", "memory"]),
            "The limit it counts against; io for read and ask, else cpu.",
        ),
        Field::new(
            "priority",
            Shape::Integer { min: 0, max: 1000 },
            "Lower starts first among ready steps.",
        )
        .default("5"),
        Field::new(
            "timeout",
            Shape::Duration,
            "Longest time for one attempt; a command's whole process group is ended.",
        ),
        Field::new(
            "retry",
            Shape::Object(&RETRY),
            "What to do when an attempt fails.",
        ),
        Field::new(
            "env",
            Shape::Map(&Shape::Scalar),
            "Environment variables of this step.",
        ),
        Field::new(
            "read",
            Shape::Object(&READ),
            "Read files through the cache.",
        ),
        Field::new(
            "search",
            Shape::Object(&SEARCH),
            "Search files that were read.",
        ),
        Field::new("run", Shape::Object(&RUN), "Run a command."),
        Field::new(
            "ask",
            Shape::Object(&ASK),
            "Ask a model, or the built-in extractive provider.",
        ),
        Field::new("call", Shape::Any, "Call a tool of an MCP server.").reserved(NOT_YET_ACTION),
        Field::new(
            "plan",
            Shape::Any,
            "Turn a requirements document into a task tree.",
        )
        .reserved(NOT_YET_ACTION),
        Field::new(
            "consolidate",
            Shape::Object(&CONSOLIDATE),
            "Join what other steps found into one document.",
        ),
        Field::new(
            "workflow",
            Shape::Object(&NESTED),
            "Run another workflow file.",
        ),
        Field::new(
            "complexity",
            Shape::OneOf(&["simple", "moderate", "complex"]),
            "Token budget and verification depth.",
        )
        .reserved(NOT_YET_OPTION),
        Field::new("verify", Shape::Any, "Checks of the result.").reserved(NOT_YET_OPTION),
        Field::new(
            "cache",
            Shape::Bool,
            "Whether an `ask` step may take the answer to an earlier question that was the very same; yes when absent, if its provider always answers alike.",
        ),
        Field::new("budget", Shape::Any, "Limits on tokens and time.").reserved(NOT_YET_OPTION),
        Field::new("confidence", Shape::Any, "When to stop early.").reserved(NOT_YET_OPTION),
    ],
};

static RETRY: Object = Object {
    name: "retry",
    doc: "What to do when an attempt fails. A number stands for `{attempts: N}`.",
    short: &[Short {
        shape: ShortShape::Scalar,
        field: "attempts",
    }],
    exactly_one: &[],
    fields: &[
        Field::new(
            "attempts",
            Shape::Integer { min: 1, max: 100 },
            "Attempts in all, the first included.",
        )
        .default("1"),
        Field::new(
            "backoff",
            Shape::Duration,
            "Pause before the second attempt.",
        )
        .default("1s"),
        Field::new(
            "factor",
            Shape::Number {
                min: 1.0,
                max: 100.0,
            },
            "By how much each further pause grows.",
        )
        .default("2"),
        Field::new("max_backoff", Shape::Duration, "Longest pause.").default("1m"),
    ],
};

static READ: Object = Object {
    name: "read",
    doc: "Reads files below the root through the cache, in parallel. A list stands for `{files: […]}`.",
    short: &[
        Short {
            shape: ShortShape::List,
            field: "files",
        },
        Short {
            shape: ShortShape::Scalar,
            field: "files",
        },
    ],
    exactly_one: &[],
    fields: &[
        Field::new("files", TEXTS, "Paths and globs below the root.").required(),
        Field::new("exclude", TEXTS, "Globs of files to leave out."),
        Field::new(
            "max_file_size",
            Shape::Size,
            "Larger files are a problem, not read; the settings' limit when absent.",
        ),
        Field::new(
            "on_problem",
            Shape::OneOf(&["fail", "skip"]),
            "Whether a file that cannot be read fails the step or is reported and skipped.",
        )
        .default("fail"),
        Field::new(
            "allow_empty",
            Shape::Bool,
            "Whether a pattern may match nothing.",
        )
        .default("false"),
        Field::new(
            "gitignore",
            Shape::Bool,
            "Whether .gitignore and .ignore files are honoured.",
        )
        .default("true"),
        Field::new(
            "hidden",
            Shape::Bool,
            "Whether names that begin with a dot are read.",
        )
        .default("false"),
    ],
};

static SEARCH: Object = Object {
    name: "search",
    doc: "Searches files that `read` steps found, line by line.",
    short: &[],
    exactly_one: &[],
    fields: &[
        Field::new("in", STEPS, "The `read` steps whose files are searched.").required(),
        Field::new(
            "pattern",
            Shape::Template,
            "A regular expression (syntax of the crate regex).",
        )
        .required(),
        Field::new("ignore_case", Shape::Bool, "Whether case matters not.").default("false"),
        Field::new("literal", Shape::Bool, "Whether the pattern is plain text.").default("false"),
        Field::new(
            "severity",
            Shape::OneOf(&["info", "low", "medium", "high", "critical"]),
            "Severity of the findings.",
        )
        .default("info"),
        Field::new(
            "limit",
            Shape::Integer {
                min: 0,
                max: 10_000_000,
            },
            "Most findings kept with their text; the others are counted.",
        )
        .default("1000"),
    ],
};

static RUN: Object = Object {
    name: "run",
    doc: "Runs a command in its own process group. A string stands for `{shell: …}`, a list for `{argv: […]}`.",
    short: &[
        Short {
            shape: ShortShape::Scalar,
            field: "shell",
        },
        Short {
            shape: ShortShape::List,
            field: "argv",
        },
    ],
    exactly_one: &["shell", "argv"],
    fields: &[
        Field::new(
            "shell",
            Shape::Template,
            "A command line for `sh -c`. Quote what you insert: `${{ x | quote }}`.",
        ),
        Field::new(
            "argv",
            Shape::List {
                of: &Shape::Template,
                one: false,
            },
            "The program and its arguments, without a shell.",
        ),
        Field::new("cwd", Shape::Template, "Working folder below the root.").default("."),
        Field::new(
            "stdin",
            Shape::Template,
            "Text given on standard input; nothing when absent.",
        ),
        Field::new(
            "output_limit",
            Shape::Size,
            "Bytes kept of each stream, half from its head and half from its tail; the settings' value when absent.",
        ),
        Field::new(
            "success_codes",
            Shape::List {
                of: &Shape::Integer { min: 0, max: 255 },
                one: true,
            },
            "Exit codes that count as success; 0 when absent.",
        ),
    ],
};

static ASK: Object = Object {
    name: "ask",
    doc: "Asks a provider. A string stands for `{prompt: …}`.",
    short: &[Short { shape: ShortShape::Scalar, field: "prompt" }],
    exactly_one: &[],
    fields: &[
        Field::new("prompt", Shape::Template, "The question.").required(),
        Field::new("context", STEPS, "Steps whose results are given with the question."),
        Field::new("provider", Shape::Text, "Who answers; `extractive` ranks and quotes sentences of the context, without a language model.").default("extractive"),
        Field::new("max_tokens", Shape::Integer { min: 1, max: 1_000_000 }, "Longest answer, in estimated tokens.").default("500"),
        Field::new("conversation", Shape::Name, "Asks that share this name share a history, trimmed to the settings' limits; each ask its own when absent."),
    ],
};

static CONSOLIDATE: Object = Object {
    name: "consolidate",
    doc: "Joins what other steps found into one document. A list stands for `{from: […]}`.",
    short: &[
        Short {
            shape: ShortShape::List,
            field: "from",
        },
        Short {
            shape: ShortShape::Scalar,
            field: "from",
        },
    ],
    exactly_one: &[],
    fields: &[
        Field::new(
            "from",
            STEPS,
            "The steps whose findings are joined, in this order.",
        )
        .required(),
        Field::new(
            "title",
            Shape::Template,
            "The document's title; the workflow's name when absent.",
        ),
        Field::new(
            "output",
            Shape::Template,
            "File to write, below the output folder; written whole or not at all.",
        ),
        Field::new(
            "format",
            Shape::OneOf(&["markdown", "text", "json", "sarif"]),
            "How it is written; told by the end of `output` (.txt, .json, .sarif, .sarif.json) when absent, else Markdown.",
        ),
        Field::new(
            "by",
            Shape::OneOf(&["step", "severity", "file"]),
            "What findings are listed by, in Markdown and text.",
        )
        .default("step"),
        Field::new(
            "similar",
            Shape::BoolOrNumber { min: 0.5, max: 1.0 },
            "Whether findings of one step that say nearly the same are listed once, with their places; a number is the least similarity, 0.8 for `true`.",
        )
        .default("false"),
        Field::new(
            "brief",
            Shape::Integer {
                min: 1,
                max: 1_000_000,
            },
            "The sentences that stand for the whole come first, up to so many estimated tokens; none when absent.",
        ),
        Field::new(
            "baseline",
            Shape::Template,
            "File of an earlier run's `write_baseline`, below the output folder: what is new, known and gone since. Everything is new if there is no such file.",
        ),
        Field::new(
            "write_baseline",
            Shape::Template,
            "File to write for the `baseline` of later runs, below the output folder; may be that of `baseline`.",
        ),
    ],
};

static NESTED: Object = Object {
    name: "nested workflow",
    doc: "Runs another workflow file. A string stands for `{path: …}`.",
    short: &[Short {
        shape: ShortShape::Scalar,
        field: "path",
    }],
    exactly_one: &[],
    fields: &[
        Field::new("path", Shape::Text, "The file, relative to this one.").required(),
        Field::new(
            "inputs",
            Shape::Map(&Shape::Scalar),
            "Values of its inputs.",
        ),
    ],
};

/// The JSON Schema of workflow files, as published in `docs/workflow.schema.json`.
pub fn json_schema() -> serde_json::Value {
    crate::document::shape::json_schema(&WORKFLOW, "urn:autoexec:workflow:1")
}
