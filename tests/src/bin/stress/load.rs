//! Many runs at once on one engine, for some seconds: how many get done, how long each takes, and what is held.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use autoexec_engine::report::RunOutcome;
use autoexec_engine::{Document, Engine, RunOptions, Settings, parse};
use autoexec_metrics::{Recorder, Timer};
use autoexec_tests::Folder;
use tokio::runtime::Runtime;

use crate::{Case, Done};

const REVIEW: &str = "
steps:
  - {id: sources, read: 'src/*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO}}
  - {id: digest, ask: {prompt: 'What is it for, ${{ run.id }}?', context: [sources]}}
  - {id: all, consolidate: {from: [digest, todos]}}
outputs: {todos: '${{ steps.todos.count }}'}
";

pub(crate) fn all(is_quick: bool) -> Vec<Case> {
    let seconds = if is_quick { 2 } else { 20 };
    let users = [1, 10, 100];
    users
        .map(|users| {
            // The caches fill up to their bounds, a thousand answers; each run under way holds its results besides.
            let most = 40_000_000 + users as u64 * 600_000;
            let name = format!("{users} runs at once for {seconds} s");
            Case::new(name, most, move |it| {
                load(it, users, Duration::from_secs(seconds))
            })
        })
        .into()
}

fn load(runtime: &Runtime, users: usize, time: Duration) -> Done {
    let folder = Folder::with(&[]);
    for n in 0..20 {
        let text = format!("fn f{n}() {{}} // TODO: say what the lock of {n} is for\n").repeat(10);
        folder.write(&format!("src/file-{n}.rs"), text.as_bytes());
    }
    let document = Arc::new(parse("load.yaml", REVIEW).map_err(|errors| errors.to_string())?);
    let engine = Engine::new(Settings::default());
    let recorder = Recorder::new();
    let timer = recorder.timer("run");
    let start = Instant::now();
    let runs: Vec<_> = (0..users)
        .map(|user| {
            let user = User {
                name: user,
                engine: engine.clone(),
                document: document.clone(),
                timer: timer.clone(),
            };
            runtime.spawn(user.run(folder.path().to_owned(), start + time))
        })
        .collect();
    for run in runs {
        runtime.block_on(run)??;
    }
    let took = start.elapsed().as_secs_f64();
    let done = recorder.snapshot().timer("run").ok_or("no run ended")?;
    let ms = |it: Duration| it.as_secs_f64() * 1e3;
    Ok(format!(
        "{:.0} runs/s, p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
        done.count as f64 / took,
        ms(done.p50),
        ms(done.p95),
        ms(done.p99)
    ))
}

struct User {
    name: usize,
    engine: Engine,
    document: Arc<Document>,
    timer: Timer,
}

impl User {
    /// One run after the other until the time is over.
    async fn run(self, folder: impl AsRef<Path>, until: Instant) -> Result<(), String> {
        for n in 0.. {
            if Instant::now() >= until {
                break;
            }
            let mut options = RunOptions::new(folder.as_ref());
            options.run_id = format!("{}-{n}", self.name);
            let begun = Instant::now();
            let report = self.engine.run(self.document.clone(), options).await;
            let report = report.map_err(|error| error.to_string())?;
            self.timer.record(begun.elapsed());
            if report.outcome != RunOutcome::Succeeded || report.outputs["todos"] != "200" {
                return Err(format!("a run went wrong: {}", report.to_json()));
            }
        }
        Ok(())
    }
}
