//! Groups of benchmarks, and what is done with each of them.

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bencher::Bencher;
use crate::clock::Clock;
use crate::request::Request;
use crate::sampling::{self, Samples};
use crate::table;
use crate::turns;

/// Hands out groups, each of which is prepared only if something of it was asked for.
pub struct Harness<'a> {
    request: Request,
    input: &'a mut dyn BufRead,
    out: &'a mut dyn Write,
    /// How many benchmarks were asked for and found.
    found: usize,
    failed: Vec<String>,
}

impl<'a> Harness<'a> {
    pub(crate) fn new(
        request: Request,
        input: &'a mut dyn BufRead,
        out: &'a mut dyn Write,
    ) -> Self {
        Self {
            request,
            input,
            out,
            found: 0,
            failed: Vec::new(),
        }
    }

    /// One question, and those who answer it: `body` prepares what they need, checks the answers,
    /// and calls [`Group::bench_function`] for each.
    ///
    /// A panic is reported by the name of the group, and the next group goes on.
    pub fn group(&mut self, name: impl Into<String>, body: impl FnOnce(&mut Group<'_, 'a>)) {
        let name = name.into();
        if !self.request.wants_group(&name) {
            return;
        }
        let mut group = Group {
            harness: self,
            name: name.clone(),
            clock: Clock::default(),
            floor_ns: None,
        };
        if catch_unwind(AssertUnwindSafe(|| body(&mut group))).is_err() {
            self.fail(name);
        }
    }

    fn fail(&mut self, name: String) {
        // A program reads this line; why is on standard error, where the panic has put it.
        let _ = self.line(&format!("failed\t{name}"));
        self.failed.push(name);
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}").and_then(|()| self.out.flush())
    }

    /// How it ended.
    ///
    /// # Errors
    /// The names of what failed, or that nothing is as it was asked for.
    pub(crate) fn end(self) -> Result<(), String> {
        if !self.failed.is_empty() {
            return Err(format!("failed: {}", self.failed.join(", ")));
        }
        match self.request {
            Request::Turns(id) if self.found == 0 => Err(format!("no benchmark is named `{id}`")),
            _ => Ok(()),
        }
    }
}

/// One question: its benchmarks have ids `group/function`, and the one named `floor` is the least
/// that an answer costs.
pub struct Group<'h, 'a> {
    harness: &'h mut Harness<'a>,
    name: String,
    clock: Clock,
    /// What the floor took, once it was measured.
    floor_ns: Option<f64>,
}

impl Group<'_, '_> {
    /// What decides about the benchmarks that follow; before, it is the time of the thread.
    pub fn decided_by(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// A benchmark: a closure that calls one method of [`Bencher`], and may be called many times.
    ///
    /// A panic is reported by the name of the benchmark, and the next one goes on.
    pub fn bench_function(
        &mut self,
        function: impl AsRef<str>,
        mut benchmark: impl FnMut(&mut Bencher),
    ) {
        let id = format!("{}/{}", self.name, function.as_ref());
        if !self.harness.request.wants(&id) {
            return;
        }
        self.harness.found += 1;
        let run = || self.run(&id, &mut benchmark);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => {}
            // Whoever listens has gone, or talks nonsense.
            Ok(Err(error)) => {
                let _ = writeln!(io::stderr(), "{id}: {error}");
                self.harness.fail(id);
            }
            Err(_) => self.harness.fail(id),
        }
    }

    fn run(&mut self, id: &str, benchmark: &mut dyn FnMut(&mut Bencher)) -> io::Result<()> {
        let nothing = || io::Error::other("the benchmark measured nothing");
        let clock = self.clock;
        match self.harness.request {
            Request::List => self.harness.line(&format!("{id}\t{}", clock.word())),
            Request::Turns(_) => turns::serve(self.harness.input, self.harness.out, benchmark),
            Request::Check(_) => {
                Bencher::run(1, benchmark).ok_or_else(nothing)?;
                self.harness.line(&format!("checked\t{id}"))
            }
            Request::Samples(_) => {
                let samples = sampling::measure(clock, benchmark).ok_or_else(nothing)?;
                samples_lines(id, clock, &samples)
                    .iter()
                    .try_for_each(|line| self.harness.line(line))
            }
            Request::Table(_) => {
                let samples = sampling::measure(clock, benchmark).ok_or_else(nothing)?;
                if id.ends_with("/floor") {
                    self.floor_ns = Some(samples.median_ns(clock));
                }
                let row = table::row(id, clock, &samples, self.floor_ns);
                self.harness.line(&row)
            }
        }
    }
}

/// `sample`, the id, what decides, iterations, and nanoseconds by thread, process and wall; with tabs.
fn samples_lines(id: &str, clock: Clock, samples: &Samples) -> Vec<String> {
    let word = clock.word();
    let iterations = samples.iterations;
    let line = |times: &crate::Times| {
        let (thread, process, wall) = (times.thread_ns, times.process_ns, times.wall_ns);
        format!("sample\t{id}\t{word}\t{iterations}\t{thread}\t{process}\t{wall}")
    };
    samples.times.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Times;

    fn bench(harness: &mut Harness<'_>) {
        harness.group("bad", |_| panic!("this group cannot be prepared"));
        harness.group("good/at-2", |group| {
            group.bench_function("floor", |b| {
                b.iter_custom(|rounds| Times {
                    thread_ns: 10 * rounds,
                    process_ns: 30 * rounds,
                    wall_ns: 60_000_000 * rounds,
                })
            });
            group.decided_by(Clock::Process);
            group.bench_function("wrong", |b| b.iter(|| panic!("this answer is wrong")));
            group.bench_function("right", |b| {
                b.iter_custom(|rounds| Times {
                    thread_ns: 20 * rounds,
                    process_ns: 60 * rounds,
                    wall_ns: 60_000_000 * rounds,
                })
            });
        });
    }

    fn run(request: Request, input: &str) -> (String, Result<(), String>) {
        let mut out = Vec::new();
        let mut input = input.as_bytes();
        let mut harness = Harness::new(request, &mut input, &mut out);
        bench(&mut harness);
        let end = harness.end();
        (String::from_utf8(out).expect("it is text"), end)
    }

    #[test]
    fn a_list_says_what_decides_and_who_could_not_be_asked() {
        let (said, end) = run(Request::List, "");
        let list = "failed\tbad\ngood/at-2/floor\tcpu\ngood/at-2/wrong\tprocess\ngood/at-2/right\tprocess\n";
        assert_eq!(said, list);
        assert_eq!(end, Err("failed: bad".to_owned()));
    }

    #[test]
    fn turns_are_taken_by_one_benchmark_and_no_other_group_is_prepared() {
        let (said, end) = run(Request::Turns("good/at-2/right".to_owned()), "3\n");
        assert_eq!(said, "ready\n60 180 180000000\n");
        assert_eq!(end, Ok(()));
        let (said, end) = run(Request::Turns("good/at-2/none".to_owned()), "3\n");
        assert_eq!(said, "");
        assert!(end.unwrap_err().contains("good/at-2/none"));
    }

    #[test]
    fn one_that_panics_fails_alone() {
        let (said, end) = run(Request::Check(Vec::new()), "");
        assert_eq!(
            said,
            "failed\tbad\nchecked\tgood/at-2/floor\nfailed\tgood/at-2/wrong\nchecked\tgood/at-2/right\n"
        );
        assert_eq!(end, Err("failed: bad, good/at-2/wrong".to_owned()));
    }

    #[test]
    fn samples_are_lines_of_seven_fields() {
        let ids = vec!["good/at-2/floor".to_owned()];
        let (said, end) = run(Request::Samples(ids), "");
        assert_eq!(end, Ok(()));
        let first: Vec<&str> = said.lines().next().expect("a sample").split('\t').collect();
        assert_eq!(first[..3], ["sample", "good/at-2/floor", "cpu"]);
        assert_eq!(first.len(), 7);
        assert!(
            said.lines()
                .all(|line| line.starts_with("sample\tgood/at-2/floor\t"))
        );
    }

    #[test]
    fn the_table_shows_the_ratio_to_the_floor() {
        let (said, _) = run(Request::Table(vec!["good".to_owned()]), "");
        let row = said
            .lines()
            .find(|line| line.starts_with("good/at-2/right"));
        assert!(row.is_some_and(|row| row.contains("6.00×")), "{said}");
    }
}
