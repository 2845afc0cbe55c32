//! Reading many files at once.

use crate::options::{ReadManyOptions, ReadOptions};
use crate::{Error, ErrorKind, FileCache, Read};
use quick_cache::DefaultHashBuilder;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// Most paths that a thread takes at once. Small enough to share out what is left at the end.
const CHUNK: usize = 64;

type Answer = Result<Read, Error>;

/// The distinct paths of a batch, and for each place of the batch which of them it names.
struct Plan<'p> {
    distinct: Vec<&'p Path>,
    places: Vec<usize>,
}

/// What all threads of a batch share.
struct Work<'a> {
    cache: &'a FileCache,
    paths: &'a [&'a Path],
    options: &'a ReadManyOptions<'a>,
    next: AtomicUsize,
    chunk: usize,
}

impl FileCache {
    /// The contents of many files: one result for each path, in the order of the paths.
    ///
    /// A path that is given several times is read once; its further places share the file as hits. More than
    /// [`parallel_threshold`](crate::Options::parallel_threshold) distinct paths are read by up to
    /// [`workers`](crate::Options::workers) threads that end with the call.
    pub fn read_many<P: AsRef<Path> + Sync>(&self, paths: &[P]) -> Vec<Result<Read, Error>> {
        self.read_many_with(paths, &ReadManyOptions::default())
    }

    /// As [`read_many`](Self::read_many), with choices.
    pub fn read_many_with<P: AsRef<Path> + Sync>(
        &self,
        paths: &[P],
        options: &ReadManyOptions<'_>,
    ) -> Vec<Result<Read, Error>> {
        let plan = Plan::new(paths);
        let workers = self.workers_for(plan.distinct.len(), options);
        let work = Work::new(self, &plan.distinct, options, workers);
        let answers = work.run(workers);
        self.spread(answers, &plan)
    }

    fn workers_for(&self, paths: usize, options: &ReadManyOptions<'_>) -> usize {
        if paths <= self.options().parallel_threshold {
            return 1;
        }
        let wanted = options.workers.unwrap_or(self.options().workers);
        wanted.min(self.parallelism).min(paths).max(1)
    }

    /// Puts the answers where they were asked for.
    fn spread(&self, answers: Vec<Answer>, plan: &Plan<'_>) -> Vec<Answer> {
        if plan.places.len() == answers.len() {
            return answers; // No path twice: every answer stands where it belongs.
        }
        let mut given = vec![false; answers.len()];
        let again = |index: usize| match &answers[index] {
            Ok(read) => self.count(plan.distinct[index], Ok(Read::hit(read.file.clone()))),
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error.clone()),
            Err(error) => self.count(error.path(), Err(error.clone())),
        };
        let place = |&index: &usize| match std::mem::replace(&mut given[index], true) {
            false => answers[index].clone(),
            true => again(index),
        };
        plan.places.iter().map(place).collect()
    }
}

impl<'p> Plan<'p> {
    fn new<P: AsRef<Path>>(paths: &'p [P]) -> Self {
        let mut seen =
            HashMap::with_capacity_and_hasher(paths.len(), DefaultHashBuilder::default());
        let mut plan = Self {
            distinct: Vec::with_capacity(paths.len()),
            places: Vec::with_capacity(paths.len()),
        };
        for path in paths {
            let path = path.as_ref();
            plan.places
                .push(match seen.entry(path.as_os_str().as_encoded_bytes()) {
                    Entry::Occupied(earlier) => *earlier.get(),
                    Entry::Vacant(vacant) => {
                        plan.distinct.push(path);
                        *vacant.insert(plan.distinct.len() - 1)
                    }
                });
        }
        plan
    }
}

impl<'a> Work<'a> {
    fn new(
        cache: &'a FileCache,
        paths: &'a [&'a Path],
        options: &'a ReadManyOptions<'a>,
        workers: usize,
    ) -> Self {
        let chunk = (paths.len() / (workers * 8)).clamp(1, CHUNK);
        Self {
            cache,
            paths,
            options,
            next: AtomicUsize::new(0),
            chunk,
        }
    }

    /// Reads all paths by `workers` threads, of which the caller's is one.
    fn run(&self, workers: usize) -> Vec<Answer> {
        if workers == 1 {
            return self.paths.iter().map(|path| self.read(path)).collect();
        }
        let mut answers: Vec<Option<Answer>> = vec![None; self.paths.len()];
        let mut put = |done: Vec<(usize, Answer)>| {
            for (index, answer) in done {
                answers[index] = Some(answer);
            }
        };
        thread::scope(|scope| {
            // A thread that cannot be had is not missed: the others take its share.
            let helper = || {
                thread::Builder::new()
                    .spawn_scoped(scope, || self.take_chunks())
                    .ok()
            };
            let helpers: Vec<_> = (1..workers).filter_map(|_| helper()).collect();
            put(self.take_chunks());
            for helper in helpers {
                put(helper
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        let taken = "because the cursor passes every index to exactly one thread";
        answers
            .into_iter()
            .map(|answer| answer.expect(taken))
            .collect()
    }

    fn take_chunks(&self) -> Vec<(usize, Answer)> {
        let mut done = Vec::new();
        loop {
            let start = self.next.fetch_add(self.chunk, Relaxed);
            if start >= self.paths.len() {
                return done;
            }
            let end = (start + self.chunk).min(self.paths.len());
            done.extend((start..end).map(|index| (index, self.read(self.paths[index]))));
        }
    }

    fn read(&self, path: &Path) -> Answer {
        if self
            .options
            .cancel
            .is_some_and(|cancel| cancel.load(Relaxed))
        {
            return Err(Error::new(ErrorKind::Cancelled, path));
        }
        self.cache.read_with(
            path,
            &ReadOptions {
                limit: self.options.limit,
            },
        )
    }
}
