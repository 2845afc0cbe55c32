//! What is done over and over.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use autoexec_engine::caches::{EmbeddingCache, EmbeddingCacheOptions};
use autoexec_engine::journal::{self, Journal};
use autoexec_engine::report::{RunOutcome, RunReport};
use autoexec_engine::{Document, Engine, RunOptions, Settings, load, parse};
use tokio::runtime::Runtime;

type Done = Result<(), Box<dyn Error>>;

/// Files that are read.
const FILES: u64 = 20;

/// Bounds that are reached soon: what fills up to its bound is no leak, and should have done so when the warm-up ends.
const SETTINGS: &str = "
[files]
entries = 40
bytes = '256 KiB'
[paths]
entries = 64
[caches]
prompts = 40
prompt_bytes = '256 KiB'
[history]
max_pairs = 5
max_tokens = 2000
archive = '64 KiB'
[commands]
kill_grace = '50ms'
";

const REVIEW: &str = "
name: review
steps:
  - {id: sources, read: 'src/**/*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO, severity: low}}
  - {id: waits, search: {in: sources, pattern: 'waits'}}
  - {id: digest, ask: {prompt: 'What is it for in round ${{ run.id }}?', context: [sources]}}
  - id: all
    consolidate: {from: [digest, todos, waits], output: out/report.md, similar: true, baseline: out/known.json, write_baseline: out/known.json}
outputs: {todos: '${{ steps.todos.count }}'}
";

const COMMANDS: &str = "
name: commands
on_failure: continue
steps:
  - {id: fine, run: [echo, fine]}
  - {id: fails, run: 'echo no >&2; exit 3', retry: {attempts: 2, backoff: 1ms}}
  - {id: after, needs: [fails], run: [echo, never]}
  - {id: each, foreach: [a, b, c], run: [echo, '${{ item }}']}
";

const TIMEOUT: &str = "steps: [{id: slow, run: [sleep, '30'], timeout: 20ms}]";

pub(crate) struct Work {
    runtime: Runtime,
    kind: Kind,
}

enum Kind {
    /// One workflow of somebody else's, in the current directory.
    Given {
        engine: Engine,
        document: Arc<Document>,
        base: PathBuf,
        out: PathBuf,
    },
    Every(Box<Every>),
}

/// One that asks for the state of files, and one that is told of changes.
struct Every {
    engines: [Engine; 2],
    folder: PathBuf,
    review: Arc<Document>,
    commands: Arc<Document>,
    timeout: Arc<Document>,
    talk: Arc<Document>,
    vectors: EmbeddingCache,
}

impl Work {
    /// A workflow file, which reads below the current directory, writes below `out`, and has to succeed.
    pub(crate) fn of(workflow: &Path, out: &Path) -> Result<Self, Box<dyn Error>> {
        let document = load(workflow).map_err(|errors| errors.to_string())?;
        let kind = Kind::Given {
            engine: Engine::new(settings("validate")?),
            document: Arc::new(document),
            base: std::env::current_dir()?,
            out: out.to_owned(),
        };
        Ok(Self {
            runtime: runtime()?,
            kind,
        })
    }

    pub(crate) fn of_every_kind(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let every = Every {
            engines: [
                Engine::new(settings("validate")?),
                Engine::new(settings("watch")?),
            ],
            folder: folder.to_owned(),
            review: document(REVIEW)?,
            commands: document(COMMANDS)?,
            timeout: document(TIMEOUT)?,
            talk: document(&talk())?,
            vectors: vectors(folder)?,
        };
        (0..FILES).try_for_each(|n| every.write(n, 0))?;
        let kind = Kind::Every(Box::new(every));
        Ok(Self {
            runtime: runtime()?,
            kind,
        })
    }

    /// Does it once more; each kind of thing comes round in its time.
    pub(crate) fn iterate(&mut self, n: u64) -> Done {
        match &mut self.kind {
            Kind::Given {
                engine,
                document,
                base,
                out,
            } => {
                let mut options = RunOptions::new(&*base);
                options.out.clone_from(out);
                let report = self
                    .runtime
                    .block_on(engine.run(document.clone(), options))?;
                expect(&report, RunOutcome::Succeeded)
            }
            Kind::Every(every) => every.iterate(n, &self.runtime),
        }
    }
}

impl Every {
    fn iterate(&mut self, n: u64, runtime: &Runtime) -> Done {
        self.write(n % FILES, n)?;
        if n.is_multiple_of(5) {
            fs::remove_file(self.file(n / 5 % FILES))?;
        }
        let report = self.run(&self.review, n, runtime)?;
        expect(&report, RunOutcome::Succeeded)?;
        if n.is_multiple_of(5) {
            self.write(n / 5 % FILES, n)?;
        }
        if n.is_multiple_of(4) {
            expect(&self.run(&self.commands, n, runtime)?, RunOutcome::Failed)?;
        }
        if n % 10 == 3 {
            expect(&self.run(&self.talk, n, runtime)?, RunOutcome::Succeeded)?;
        }
        if n % 10 == 7 {
            self.cancel(n, runtime)?;
        }
        if n % 20 == 11 {
            expect(&self.run(&self.timeout, n, runtime)?, RunOutcome::Failed)?;
        }
        self.embed(n)
    }

    /// With a journal, which is read again and removed.
    fn run(
        &self,
        document: &Arc<Document>,
        n: u64,
        runtime: &Runtime,
    ) -> Result<RunReport, Box<dyn Error>> {
        let path = self.folder.join("run.journal");
        let mut options = self.options(n);
        options
            .subscribers
            .push(Box::new(Journal::create(&path, "soak.yaml")?));
        let engine = &self.engines[usize::from(n.is_multiple_of(2))];
        let report = runtime.block_on(engine.run(document.clone(), options))?;
        journal::read(&path)?;
        fs::remove_file(&path)?;
        Ok(report)
    }

    fn options(&self, n: u64) -> RunOptions {
        let mut options = RunOptions::new(&self.folder);
        options.run_id = format!("{n:08}");
        options
    }

    /// Cancels the run of a command that would take its time.
    fn cancel(&self, n: u64, runtime: &Runtime) -> Done {
        let document = document("steps: [{id: slow, run: [sleep, '30']}]")?;
        let options = self.options(n);
        let cancel = options.cancel.clone();
        let report = runtime.block_on(async {
            let later = async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                cancel.cancel();
            };
            tokio::join!(self.engines[0].run(document, options), later).0
        })?;
        expect(&report, RunOutcome::Interrupted)
    }

    /// A few new vectors under keys that come round; now and then the file is opened anew.
    fn embed(&mut self, n: u64) -> Done {
        for vector in 0..3 {
            let text = format!("text {:03}", (n * 3 + vector) % 150);
            self.vectors.insert("model", &text, &[n as f32; 64]);
        }
        self.vectors.save_if_due(SystemTime::now());
        if n.is_multiple_of(50) {
            self.vectors.save(SystemTime::now())?;
            self.vectors = EmbeddingCache::new(&EmbeddingCacheOptions::default());
            self.vectors = vectors(&self.folder)?;
        }
        Ok(())
    }

    fn file(&self, n: u64) -> PathBuf {
        self.folder
            .join(format!("src/part-{}/file-{n:02}.rs", n % 3))
    }

    /// Of another length each time, but within bounds.
    fn write(&self, n: u64, round: u64) -> std::io::Result<()> {
        let path = self.file(n);
        fs::create_dir_all(path.parent().expect("because it lies in a folder"))?;
        let line = format!(
            "fn f() {{}} // TODO: {:03} waits for the lock of {n}\n",
            round % 1_000
        );
        fs::write(path, line.repeat(20 + (round % 7) as usize))
    }
}

fn expect(report: &RunReport, outcome: RunOutcome) -> Done {
    if report.outcome == outcome {
        return Ok(());
    }
    Err(format!("expected {outcome:?}, found {}", report.to_json()).into())
}

fn vectors(folder: &Path) -> Result<EmbeddingCache, Box<dyn Error>> {
    let mut options = EmbeddingCacheOptions::default();
    (options.max_entries, options.save_every) = (100, 30);
    Ok(EmbeddingCache::open(&folder.join("vectors"), SystemTime::now(), &options)?.0)
}

/// Thirty questions of one conversation, which holds far fewer.
fn talk() -> String {
    let mut text = "name: talk\nsteps:\n".to_owned();
    for n in 0..30 {
        let needs = if n == 0 {
            String::new()
        } else {
            format!("q{}", n - 1)
        };
        text += &format!(
            "  - {{id: q{n}, needs: [{needs}], ask: {{prompt: 'In ${{{{ run.id }}}}, what is {n}?', conversation: one}}}}\n"
        );
    }
    text
}

fn document(text: &str) -> Result<Arc<Document>, Box<dyn Error>> {
    let parsed = parse("soak.yaml", text).map_err(|errors| errors.to_string())?;
    Ok(Arc::new(parsed))
}

fn settings(freshness: &str) -> Result<Settings, String> {
    let text = SETTINGS.replace(
        "[files]\n",
        &format!("[files]\nfreshness = '{freshness}'\n"),
    );
    Settings::from_toml(&text)
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .enable_all()
        .build()
}
