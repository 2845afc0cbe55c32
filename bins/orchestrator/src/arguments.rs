//! The command line.

use std::path::PathBuf;

use autoexec_engine::report::AlertSeverity;
use autoexec_engine::trim::{Count, Dialect, Way};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs agent workflows: reads files, runs commands, asks models and consolidates what was found.
#[derive(Debug, Parser)]
#[command(name = "orchestrator", version, after_help = crate::exit::HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Settings file; without it, autoexec.toml in the current folder if there is one
    #[arg(long, global = true, value_name = "FILE", env = "AUTOEXEC_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Colours; auto follows the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub(crate) color: Color,
    /// Log lines on standard error: off, error, warn, info, debug, trace, or filters such as autoexec_engine=debug
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        default_value = "off",
        env = "AUTOEXEC_LOG"
    )]
    pub(crate) log: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a workflow
    Run(Run),
    /// Check workflows without running anything
    Check(Check),
    /// Print a workflow's steps as a graph
    Graph(Graph),
    /// Show the report of a run, or compare runs with earlier ones
    Report(Report),
    /// Show what runs asked of their caches, classes and providers
    #[command(subcommand)]
    Trace(Trace),
    /// Say what the traces of the last runs suggest to change, with the numbers behind it
    Doctor(Doctor),
    /// Trim a conversation to a budget of tokens, keeping what a question needs
    Trim(Trim),
    /// Search for better settings on recorded traces, or for the parameters with which a command measures the best values
    Tune(Tune),
    /// Print the JSON Schema of workflow files
    Schema,
    /// Print all settings with their defaults
    Config,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The workflow file
    pub(crate) workflow: PathBuf,
    /// Value of an input; may be given several times
    #[arg(short, long = "input", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) inputs: Vec<(String, String)>,
    /// Folder that outputs are written below; the current folder when absent
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print the report as one JSON document; with --repeat a list of reports
    #[arg(long)]
    pub(crate) json: bool,
    /// Write what finishes to this new file, for `orchestrator report`
    #[arg(long, value_name = "FILE", conflicts_with = "repeat")]
    pub(crate) journal: Option<PathBuf>,
    /// Write the trace of the run to this file, and not to the folder of the settings
    #[arg(long, value_name = "FILE", conflicts_with_all = ["repeat", "no_trace"])]
    pub(crate) trace: Option<PathBuf>,
    /// Write no trace
    #[arg(long)]
    pub(crate) no_trace: bool,
    /// Write what was measured over all runs to this file; its ending says the form: .txt, .json, .prom, .om or .openmetrics
    /// (OpenMetrics), .otlp.json (OpenTelemetry), .html or .htm
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// Exit with 1 if the last run ends with an alert of this severity or a worse one
    #[arg(long, value_enum, value_name = "SEVERITY", num_args = 0..=1, default_missing_value = "critical", require_equals = true)]
    pub(crate) fail_on_alert: Option<Severity>,
    /// Run it so many times in this process, with the same caches; a run that does not succeed is the last one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) repeat: u32,
    /// Let steps that do not need a failed one go on
    #[arg(long, conflicts_with = "fail_fast")]
    pub(crate) keep_going: bool,
    /// Start nothing new after a failure
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Live progress on standard error; auto shows it on a terminal
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) progress: When,
    /// Print errors only
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The workflow files
    #[arg(required = true)]
    pub(crate) workflows: Vec<PathBuf>,
    /// Print the canonical form: equal for workflows that mean the same
    #[arg(long)]
    pub(crate) canonical: bool,
}

#[derive(Debug, Args)]
#[command(after_help = REPORT_HELP)]
pub(crate) struct Report {
    /// What `run --journal FILE` wrote, or what `run --json` printed
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Print the report, or the comparison, as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Compare with these earlier runs: a file of the same kinds
    #[arg(long, value_name = "RUN")]
    pub(crate) compare: Option<PathBuf>,
    /// A change counts from this many percent on
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, requires = "compare", value_parser = percent)]
    pub(crate) threshold: f64,
    /// Exit with 1 if something became worse
    #[arg(long, requires = "compare")]
    pub(crate) fail: bool,
}

/// What `report --help` says besides.
const REPORT_HELP: &str = "Times and memory are judged by medians, with five runs and more on both sides. Tokens, bytes and
failed steps are judged with any number, by means over the first runs of each side, as many as both
have: the first run of a process reads and asks what the caches answer later. A run that asked no
model spent 0 tokens.

Examples:
  orchestrator report run.journal
  orchestrator run --repeat 10 --json review.yaml > before.json
  orchestrator report after.json --compare before.json --fail";

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("expected a number of percent".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Trace {
    /// Show one trace: which run it was, its steps, what they asked for
    Show(TraceShow),
    /// Sum up one or several traces: reads and hits by capacity, tokens, classes, the longest chain of steps
    #[command(after_help = TRACE_HELP)]
    Stat(TraceStat),
}

#[derive(Debug, Args)]
pub(crate) struct TraceShow {
    /// The trace; the newest of the settings' folder when absent
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print the whole trace as one JSON document
    #[arg(long, conflicts_with_all = ["steps", "accesses"])]
    pub(crate) json: bool,
    /// Its steps only
    #[arg(long, conflicts_with = "accesses")]
    pub(crate) steps: bool,
    /// Every access, one line each
    #[arg(long)]
    pub(crate) accesses: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TraceStat {
    /// Traces, and folders of traces; the newest of the settings' folder when absent
    #[arg(value_name = "FILE|FOLDER")]
    pub(crate) from: Vec<PathBuf>,
    /// Print the figures as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `trace stat --help` says besides.
const TRACE_HELP: &str = "The curves say what a cache that drops the least recently used would have hit at each capacity, empty
with each process; the file cache keeps what is asked for again longer, and does better on long cycles.

Examples:
  orchestrator trace stat
  orchestrator trace stat .autoexec/traces --json";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub(crate) struct Doctor {
    /// Traces, and folders of traces; the settings' folder when absent
    #[arg(value_name = "TRACE|FOLDER")]
    pub(crate) from: Vec<PathBuf>,
    /// Look at so many of the newest runs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) last: u32,
    /// Print the diagnosis as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 1 if there is a warning
    #[arg(long)]
    pub(crate) fail: bool,
}

/// What `doctor --help` says besides.
const DOCTOR_HELP: &str = "Findings are in the order correctness, tokens, speed, memory; each with what was measured, the rule that it
comes from, what to do, what a replay of the same runs gives then, and what `tune` would try. Runs of an
earlier version of a workflow, or by other settings than its newest run, are only compared with.
A trace that is broken or of another version is left out with a warning.

Examples:
  orchestrator doctor
  orchestrator doctor --last 5 --json
  orchestrator doctor .autoexec/traces --fail";

#[derive(Debug, Args)]
#[command(after_help = TRIM_HELP)]
pub(crate) struct Trim {
    /// Tokens that may be left
    #[arg(short, long, value_name = "N", required_unless_present = "jsonl")]
    pub(crate) budget: Option<u64>,
    /// The question at hand: the messages that it needs stay
    #[arg(
        short,
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) query: String,
    /// The conversation; standard input when absent or -
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Form of the input; detected when absent
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) from: Option<Form>,
    /// Form of the output; that of the input when absent
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) to: Option<Form>,
    /// Ways to take, in this order, each only as far as needed; relevance with a query, else
    /// duplicates,clear-results,head-and-tail,relevance
    #[arg(long = "by", value_name = "WAY,…", value_delimiter = ',', value_parser = way())]
    pub(crate) ways: Vec<Way>,
    /// What counts tokens
    #[arg(long, value_enum, value_name = "VOCABULARY", default_value = "o200k")]
    pub(crate) count: Vocabulary,
    /// What becomes of tool calls that have no result
    #[arg(long, value_enum, value_name = "HOW", default_value = "drop")]
    pub(crate) repair: Mend,
    /// Write what was dropped, and what was shortened as it was, to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) dropped: Option<PathBuf>,
    /// Say nothing on standard error but errors
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Answer one JSON request a line from standard input, one reply a line, until it ends
    #[arg(long, exclusive = true)]
    pub(crate) jsonl: bool,
}

/// What `trim --help` says besides.
const TRIM_HELP: &str = r#"The input is the body of a request to a chat API, or its list of messages. What is left is accepted by that API:
tool calls keep their results, the system message stays. The last turn is cut only where nothing else is left.

With --jsonl a request is {"conv":ID,"messages":[{"role","content","tokens"}…],"query":TEXT,"budget":N}, and its
reply {"keep":[indices]}; a later request about the same conversation leaves `messages` out.

Examples:
  orchestrator trim --budget 8000 --query "Why did the build fail?" < request.json > smaller.json
  orchestrator trim --budget 30000 --by clear-results,oldest session.json --dropped gone.json"#;

#[derive(Debug, Args)]
#[command(after_help = TUNE_HELP)]
pub(crate) struct Tune {
    /// Traces, and folders of traces, to tune the settings on; the settings' folder when absent
    #[arg(value_name = "TRACE|FOLDER", conflicts_with_all = ["space", "command"])]
    pub(crate) from: Vec<PathBuf>,
    /// The share of traces that the search does not see: the newest, on which alone the result counts
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, value_parser = share, conflicts_with = "space")]
    pub(crate) held_out: f64,
    /// Print the settings that no others beat in time, memory and tokens at once
    #[arg(long, conflicts_with_all = ["space", "json", "quiet"])]
    pub(crate) front: bool,
    /// Write the changes into the settings file, if the held-out traces show a gain
    #[arg(long, conflicts_with = "space")]
    pub(crate) apply: bool,
    /// Apply the changes also if no gain is shown
    #[arg(long, requires = "apply")]
    pub(crate) force: bool,
    /// Tune a command: the file that says what may be varied and what is measured
    #[arg(long, value_name = "FILE", requires = "command")]
    pub(crate) space: Option<PathBuf>,
    /// The command that measures; a shell runs it
    #[arg(long, value_name = "COMMAND", requires = "space")]
    pub(crate) command: Option<String>,
    /// Replays of the traces, 2,000 when absent; or runs of the command, instead of the file's budget
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) budget: Option<u64>,
    /// The seed; 0 when absent, or that of the file
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Replays at once, as many as there are processors when absent; or runs of the command, 1 when absent
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// Write every evaluation of the command to this new file, with commas between
    #[arg(long, value_name = "FILE", requires = "space")]
    pub(crate) table: Option<PathBuf>,
    /// Keep the search for a command in this new file, to go on with --resume after an interruption
    #[arg(long, value_name = "FILE", requires = "space")]
    pub(crate) state: Option<PathBuf>,
    /// Go on with the search in the state file, by the same space, --budget and --seed
    #[arg(long, requires = "state")]
    pub(crate) resume: bool,
    /// Draw the best values over the evaluations, and the front of two objectives, to this file; .html has both on one page,
    /// of traces FILE.svg has the front and FILE-convergence.svg the other
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// Print what came out as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Live progress on standard error; auto shows it on a terminal
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) progress: When,
    /// Print errors only
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Answer requests to ask and tell, one JSON line each, until `{"quit":true}` or the end of the input
    #[arg(long, conflicts_with_all = ["from", "held_out", "front", "apply", "force", "space", "command", "budget", "seed", "workers", "table", "state", "resume", "plot", "json", "quiet"])]
    pub(crate) stdio: bool,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..1.0).contains(&value) => Ok(value),
        _ => Err("expected a share from 0 to less than 1".to_owned()),
    }
}

/// What `tune --help` says besides.
const TUNE_HELP: &str = r#"There are three ways: on recorded traces, of a command, and in lines.

On traces (docs/tune.md) each candidate is a replay of what runs asked for; nothing is run. The newest traces are held
out, and the gain is measured on them alone. The settings to improve are those of --config or autoexec.toml.

Of a command: it gets the parameters as a JSON object on its standard input, and each in its environment as PARAM_ and
the name in capitals. The last line that it prints is its answer: a number, or an object with the names of the
objectives. Any other end than status 0, and no answer in time, count as the worst.

A space file:
  parameters:
    - {name: workers, type: int, low: 1, high: 64, log: true, initial: 4}
    - {name: layout, type: cat, choices: [rows, columns]}
  objectives: [seconds, {name: hits, goal: maximize}]
  constraints: [excess_mb]
  budget: 200

With --stdio a request is one of {"init":{"proto":1,"seed":7,"budget":1000,"objectives":1,"params":[…]}}, {"ask":N},
{"tell":{"ids":[…],"fs":[[…]],"gs":[[…]]}}, {"best":N}, {"save":PATH}, {"load":PATH}, {"quit":true}.

Examples:
  orchestrator tune
  orchestrator tune .autoexec/traces --front --plot tuned.html --apply
  orchestrator tune --space space.yaml --command './eval.sh'
  orchestrator tune --space space.yaml --command './eval.sh' --workers 4 --table all.csv --state search.bin
  orchestrator tune --space space.yaml --command './eval.sh' --workers 4 --table all.csv --state search.bin --resume"#;

/// A form of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// OpenAI's chat completions
    #[value(name = "openai-chat", alias = "openai")]
    Chat,
    /// OpenAI's responses
    #[value(name = "openai-responses")]
    Responses,
    /// Anthropic's messages
    Anthropic,
}

impl From<Form> for Dialect {
    fn from(form: Form) -> Self {
        match form {
            Form::Chat => Dialect::OpenAiChat,
            Form::Responses => Dialect::OpenAiResponses,
            Form::Anthropic => Dialect::Anthropic,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Vocabulary {
    /// Exactly, by that of GPT-4o and later
    O200k,
    /// Exactly, by that of GPT-4 and GPT-3.5
    Cl100k,
    /// By a formula, for other models
    Estimate,
}

impl From<Vocabulary> for Count {
    fn from(vocabulary: Vocabulary) -> Self {
        match vocabulary {
            Vocabulary::O200k => Count::O200k,
            Vocabulary::Cl100k => Count::Cl100k,
            Vocabulary::Estimate => Count::Estimate,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mend {
    /// They go
    Drop,
    /// They get a result that says that there is none
    Answer,
}

fn way() -> impl TypedValueParser<Value = Way> {
    PossibleValuesParser::new(Way::ALL.map(Way::name)).try_map(|name| name.parse::<Way>())
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The workflow file
    pub(crate) workflow: PathBuf,
    /// Notation
    #[arg(short, long, value_enum, default_value = "mermaid")]
    pub(crate) format: Notation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    /// Worth tuning
    Info,
    /// Worth a look
    Warning,
    /// A limit that must hold does not
    Critical,
}

impl From<Severity> for AlertSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notation {
    /// Mermaid flowchart, as Markdown renderers show it
    Mermaid,
    /// Graphviz DOT
    Dot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Sets the choice for everything that is printed.
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}
