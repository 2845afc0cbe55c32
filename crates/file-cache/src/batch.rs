//! Reading many files at once.
//!
//! A batch goes over its paths twice. The first time it takes what is fresh without a look at the path, which is
//! everything in the best case. What is left is read, or validated, directory by directory: names in an open
//! directory are found without walking the path to it. It is shared out to threads only while there is more work
//! left than starting them costs.

use crate::cache::{Ask, Obtained, key_of};
use crate::options::ReadManyOptions;
use crate::stats::{How, Tally, add};
use crate::sys::{Directory, Place};
use crate::{Error, ErrorKind, FileCache, Freshness, Read};
use quick_cache::DefaultHashBuilder;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Most paths that a thread takes at once. Small enough to share out what is left at the end.
const CHUNK: usize = 64;

/// From this number of files on, opening their directory costs less than it saves.
const WORTH_A_DIRECTORY: usize = 10;

/// Threads are started when at least this much work is left: several times what starting one costs.
const WORTH_A_THREAD: Duration = Duration::from_micros(400);

type Answer = Result<Read, Error>;

/// What is left of a batch after the first look: distinct paths in the order in which they are read, and for each the
/// places of the batch that ask for it.
struct Rest<'p> {
    paths: Vec<&'p Path>,
    /// The first place that asks for each path.
    first: Vec<usize>,
    /// Further places, with the index of their path.
    again: Vec<(usize, usize)>,
    /// Where the paths of each directory end.
    ends: Vec<usize>,
}

/// What all threads of a batch share.
struct Work<'a> {
    cache: &'a FileCache,
    rest: &'a Rest<'a>,
    ask: Ask<'a>,
    next: AtomicUsize,
    chunk: usize,
}

impl FileCache {
    /// The contents of many files: one result for each path, in the order of the paths.
    ///
    /// A path that is given several times is read once; its further places share the file as hits. Several threads, up
    /// to [`workers`](crate::Options::workers), read more than
    /// [`parallel_threshold`](crate::Options::parallel_threshold) distinct paths, once the first of them have shown
    /// that the others are worth it. They end with the call.
    pub fn read_many<P: AsRef<Path> + Sync>(&self, paths: &[P]) -> Vec<Result<Read, Error>> {
        self.read_many_with(paths, &ReadManyOptions::default())
    }

    /// As [`read_many`](Self::read_many), with choices.
    pub fn read_many_with<P: AsRef<Path> + Sync>(
        &self,
        paths: &[P],
        options: &ReadManyOptions<'_>,
    ) -> Vec<Result<Read, Error>> {
        let freshness = options.freshness.unwrap_or(self.options().freshness);
        let ask = Ask {
            freshness,
            limit: options.limit,
            opener: options.opener,
            cancel: options.cancel,
            proof: self
                .watcher(freshness)
                .map(autoexec_watch::Watcher::refresh),
            told: options.told,
        };
        let mut answers = Vec::with_capacity(paths.len());
        let left = self.take_what_is_fresh(paths, &ask, &mut answers);
        if !left.is_empty() {
            self.read_the_rest(paths, left, ask, options, &mut answers);
        }
        let because = "because each path was fresh or is among the rest";
        answers
            .into_iter()
            .map(|answer| answer.expect(because))
            .collect()
    }

    /// The first look: answers what takes no look at a path; says which places are left.
    fn take_what_is_fresh<P: AsRef<Path>>(
        &self,
        paths: &[P],
        ask: &Ask<'_>,
        answers: &mut Vec<Option<Answer>>,
    ) -> Vec<usize> {
        let may_be_cancelled = ask.cancel.is_some_and(|cancel| cancel.load(Relaxed));
        if ask.freshness == Freshness::Validate || may_be_cancelled {
            answers.resize_with(paths.len(), || None);
            return (0..paths.len()).collect();
        }
        let (mut tally, mut left) = (Tally::default(), Vec::new());
        let run = self.runs.current();
        for (place, path) in paths.iter().enumerate() {
            let held = self.resident.get(key_of(path.as_ref()));
            let fresh = held.and_then(|file| {
                Some((self.without_asking(&file, ask.freshness, ask.proof)?, file))
            });
            answers.push(match fresh {
                Some((how, file)) if ask.limit.is_none_or(|limit| file.len() as u64 <= limit) => {
                    tally.hit(how, file.len(), file.asked_in(run));
                    ask.tell(place);
                    Some(Ok(Read::hit(file)))
                }
                _ => {
                    left.push(place);
                    None
                }
            });
        }
        self.counters.hits(&tally);
        left
    }

    /// The second look: reads or validates what is left.
    fn read_the_rest<P: AsRef<Path>>(
        &self,
        paths: &[P],
        left: Vec<usize>,
        ask: Ask<'_>,
        options: &ReadManyOptions<'_>,
        answers: &mut [Option<Answer>],
    ) {
        let (started, loads) = (Instant::now(), self.counters.loads());
        let rest = Rest::new(paths, left);
        let workers = self.workers_for(rest.paths.len(), options);
        let work = Work::new(self, &rest, ask, workers);
        for (index, answer) in work.run(workers) {
            answers[rest.first[index]] = Some(answer);
        }
        for &(place, index) in &rest.again {
            let first = answers[rest.first[index]]
                .as_ref()
                .expect("because it was answered just before");
            answers[place] = Some(self.once_more(first));
        }
        let loaded = self.counters.loads().saturating_sub(loads);
        if loaded > 0 {
            add(&self.counters.batches, 1);
            add(&self.counters.batch_loads, loaded);
            add(
                &self.counters.batch_nanoseconds,
                started.elapsed().as_nanos() as u64,
            );
        }
    }

    fn workers_for(&self, paths: usize, options: &ReadManyOptions<'_>) -> usize {
        if paths <= self.options().parallel_threshold {
            return 1;
        }
        let wanted = options.workers.unwrap_or(self.options().workers);
        wanted.min(self.parallelism).min(paths).max(1)
    }

    /// The answer for a further place of the same path.
    fn once_more(&self, first: &Answer) -> Answer {
        match first {
            Ok(read) => {
                self.counters.hit(
                    How::Repeated,
                    read.file.len(),
                    read.file.asked_in(self.runs.current()),
                );
                Ok(Read::hit(read.file.clone()))
            }
            Err(error) => self.account(error.path(), Err(error.clone())),
        }
    }
}

impl<'p> Rest<'p> {
    fn new<P: AsRef<Path>>(paths: &'p [P], left: Vec<usize>) -> Self {
        let mut seen = HashMap::with_capacity_and_hasher(left.len(), DefaultHashBuilder::default());
        let mut rest = Self {
            paths: Vec::new(),
            first: Vec::new(),
            again: Vec::new(),
            ends: Vec::new(),
        };
        for place in left {
            let path = paths[place].as_ref();
            match seen.entry(key_of(path)) {
                Entry::Occupied(earlier) => rest.again.push((place, *earlier.get())),
                Entry::Vacant(vacant) => {
                    vacant.insert(rest.paths.len());
                    rest.paths.push(path);
                    rest.first.push(place);
                }
            }
        }
        rest.find_directories();
        rest
    }

    /// Paths are taken in the order given when those of a directory stand together, as they most often do; otherwise
    /// they are brought together.
    fn find_directories(&mut self) {
        self.ends = ends_of_runs(&self.paths);
        if self.ends.len() * WORTH_A_DIRECTORY <= self.paths.len() {
            return;
        }
        let mut order: Vec<usize> = (0..self.paths.len()).collect();
        let mut numbers = HashMap::with_hasher(DefaultHashBuilder::default());
        let number: Vec<usize> = self
            .paths
            .iter()
            .map(|path| {
                let next = numbers.len();
                *numbers.entry(directory_of(path)).or_insert(next)
            })
            .collect();
        order.sort_by_key(|&index| number[index]);
        let mut new_index = vec![0; order.len()];
        order
            .iter()
            .enumerate()
            .for_each(|(new, &old)| new_index[old] = new);
        self.paths = order.iter().map(|&index| self.paths[index]).collect();
        self.first = order.iter().map(|&index| self.first[index]).collect();
        self.again
            .iter_mut()
            .for_each(|(_, index)| *index = new_index[*index]);
        self.ends = ends_of_runs(&self.paths);
    }
}

/// Where runs of paths in one directory end.
fn ends_of_runs(paths: &[&Path]) -> Vec<usize> {
    let differs = |at: &usize| directory_of(paths[*at - 1]) != directory_of(paths[*at]);
    (1..paths.len())
        .filter(differs)
        .chain([paths.len()])
        .collect()
}

/// The bytes before the last name, its slash included; a name that is no plain name has no directory.
fn directory_of(path: &Path) -> &[u8] {
    let bytes = key_of(path);
    let name = bytes
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |slash| slash + 1);
    &bytes[..name]
}

/// The last name, if it is one that may be looked up in its directory.
fn plain_name(path: &Path) -> Option<&Path> {
    let name = path.file_name()?;
    key_of(path)
        .ends_with(name.as_encoded_bytes())
        .then_some(Path::new(name))
}

impl<'a> Work<'a> {
    fn new(cache: &'a FileCache, rest: &'a Rest<'a>, ask: Ask<'a>, workers: usize) -> Self {
        let chunk = (rest.paths.len() / (workers * 8)).clamp(1, CHUNK);
        Self {
            cache,
            rest,
            ask,
            next: AtomicUsize::new(0),
            chunk,
        }
    }

    /// Reads all paths by at most `workers` threads, of which the caller's is one.
    fn run(&self, workers: usize) -> Vec<(usize, Answer)> {
        let mut done = Vec::with_capacity(self.rest.paths.len());
        if workers == 1 {
            while self.take_chunk(&mut done) {}
            return done;
        }
        let started = Instant::now();
        while self.take_chunk(&mut done) {
            let left = self.rest.paths.len() - done.len();
            if started.elapsed().mul_f64(left as f64 / done.len() as f64) >= WORTH_A_THREAD {
                self.run_together(workers.min(left.div_ceil(self.chunk)), &mut done);
                break;
            }
        }
        done
    }

    fn run_together(&self, workers: usize, done: &mut Vec<(usize, Answer)>) {
        let take_all = || {
            let mut done = Vec::new();
            while self.take_chunk(&mut done) {}
            done
        };
        thread::scope(|scope| {
            // A thread that cannot be had is not missed: the others take its share.
            let helper = |_| thread::Builder::new().spawn_scoped(scope, take_all).ok();
            let helpers: Vec<_> = (1..workers).filter_map(helper).collect();
            while self.take_chunk(done) {}
            for helper in helpers {
                done.extend(
                    helper
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                );
            }
        });
    }

    /// Reads the next few paths; `false` when there are none.
    fn take_chunk(&self, done: &mut Vec<(usize, Answer)>) -> bool {
        let start = self.next.fetch_add(self.chunk, Relaxed);
        let all = self.rest.paths.len();
        if start >= all {
            return false;
        }
        let end = (start + self.chunk).min(all);
        let mut from = start;
        let mut run = self.rest.ends.partition_point(|&end| end <= start);
        while from < end {
            let to = self.rest.ends[run].min(end);
            self.read_directory(from, to, done);
            (from, run) = (to, run + 1);
        }
        true
    }

    /// Reads paths of one directory.
    fn read_directory(&self, from: usize, to: usize, done: &mut Vec<(usize, Answer)>) {
        let directory = if to - from >= WORTH_A_DIRECTORY {
            self.open_directory(self.rest.paths[from])
        } else {
            None
        };
        let Some((directory, path)) = directory else {
            done.extend((from..to).map(|index| self.read(index)));
            return;
        };
        let obtained: Vec<Obtained> = (from..to)
            .map(|index| self.obtain(index, Some(&directory)))
            .collect();
        if !directory.is_at(path) {
            // It was moved meanwhile: what was found in it may never have been at these paths.
            done.extend((from..to).map(|index| self.read(index)));
            return;
        }
        let account = |(index, obtained): (usize, Obtained)| {
            let path = self.rest.paths[index];
            if let Err(error) = &obtained {
                self.cache.remember(path, error, &self.ask);
            }
            self.ask.tell(self.rest.first[index]);
            (index, self.cache.account(path, obtained))
        };
        done.extend((from..to).zip(obtained).map(account));
    }

    fn open_directory(&self, path: &'a Path) -> Option<(Directory, &'a Path)> {
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())?;
        Some((
            Directory::open(parent, self.ask.opener, self.cache.now()).ok()?,
            parent,
        ))
    }

    fn read(&self, index: usize) -> (usize, Answer) {
        let obtained = self.obtain(index, None);
        self.ask.tell(self.rest.first[index]);
        (index, self.cache.account(self.rest.paths[index], obtained))
    }

    fn obtain(&self, index: usize, directory: Option<&Directory>) -> Obtained {
        let path = self.rest.paths[index];
        if self.ask.cancel.is_some_and(|cancel| cancel.load(Relaxed)) {
            return Err(Error::new(ErrorKind::Cancelled, path));
        }
        let place = match directory.zip(plain_name(path)) {
            Some((directory, name)) => Place::within(directory, name, path, self.ask.opener),
            None => Place::at(path, self.ask.opener),
        };
        self.cache
            .obtain(place, &self.ask, self.cache.resident.get(key_of(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn paths_of_a_directory_come_together_and_know_their_places() {
        let path = |directory: &str, i: usize| PathBuf::from(format!("/{directory}/{i}"));
        let mut paths: Vec<_> = (0..16)
            .flat_map(|i| ["a", "b"].map(|directory| path(directory, i)))
            .collect();
        paths.push(path("b", 3));
        let rest = Rest::new(&paths, (0..paths.len()).collect());
        assert_eq!(rest.ends, [16, 32]);
        for (path, &place) in rest.paths.iter().zip(&rest.first) {
            assert_eq!(*path, paths[place]);
        }
        let again: Vec<_> = (rest.again.iter())
            .map(|&(place, index)| (place, rest.paths[index]))
            .collect();
        assert_eq!(again, [(32, paths[7].as_path())]);
    }

    #[test]
    fn paths_that_stand_together_keep_their_order() {
        let paths: Vec<_> = (0..32)
            .map(|i| PathBuf::from(format!("/{}/{}", i / 16, 99 - i)))
            .collect();
        let rest = Rest::new(&paths, (0..32).collect());
        assert_eq!(rest.first, Vec::from_iter(0..32));
        assert_eq!(rest.ends, [16, 32]);
    }
}
