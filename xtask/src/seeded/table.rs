//! The seeds: mistakes of the kind that people make, each with what has to name it.

/// A change that makes a crate slower without making it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed {
    /// The folder of the crate, which its benchmarks and scenarios are named after.
    pub(super) krate: &'static str,
    /// Below the crate's `src`.
    pub(super) file: &'static str,
    /// What kind of mistake it is.
    pub(super) name: &'static str,
    /// Stands in the file exactly once.
    pub(super) find: &'static str,
    pub(super) replace: &'static str,
    /// Scenarios of `counts` that have to be named.
    pub(super) scenarios: &'static [&'static str],
    /// Benchmarks that `regress` has to name; of an id that ends in `*`, one that begins so. Empty where counts
    /// suffice, as building and measuring takes minutes.
    pub(super) benchmarks: &'static [&'static str],
}

/// In the order of how long what depends on the crate takes to build.
pub(super) const SEEDS: &[Seed] = &[
    Seed {
        krate: "evolutionary-optimizer",
        file: "run.rs",
        name: "a candidate is cloned for each evaluation",
        find: "scratch.decode(self.genes(place));",
        replace: "*scratch = scratch.clone();\n            scratch.decode(self.genes(place));",
        scenarios: &["evolutionary-optimizer/one-population"],
        benchmarks: &["evolutionary-optimizer/overhead/one-population"],
    },
    Seed {
        krate: "engine",
        file: "document/yaml.rs",
        name: "every node is cloned into the one around it",
        find: "match self.open.last_mut() {",
        replace: "let node = node.clone();\n        match self.open.last_mut() {",
        scenarios: &["engine/check-50"],
        benchmarks: &["engine/check-50/check"],
    },
    Seed {
        krate: "engine",
        file: "run/runner.rs",
        name: "a step is cloned before it is prepared",
        find: "let scope = self.scope_of(step, None);",
        replace: "let scope = self.scope_of(&step.clone(), None);",
        scenarios: &["engine/asks-200"],
        benchmarks: &[],
    },
    Seed {
        krate: "scheduler",
        file: "worker.rs",
        name: "each task has a child token where a clone would do",
        find: "let cancel = self.token(step, stop).clone();",
        replace: "let cancel = self.token(step, stop).child_token();",
        scenarios: &["scheduler/fan-1000"],
        benchmarks: &["scheduler/fan-10000/run", "scheduler/chain-1000/run"],
    },
    Seed {
        krate: "scheduler",
        file: "builder.rs",
        name: "all edges are cloned to be counted",
        find: "offsets: offsets(self.nodes.len(), &self.edges),",
        replace: "offsets: offsets(self.nodes.len(), &self.edges.clone()),",
        scenarios: &["scheduler/build-1000"],
        benchmarks: &[],
    },
    Seed {
        krate: "metrics",
        file: "chunk.rs",
        name: "an atomic exchange where there is one writer",
        find: "        count.store(now, Release);",
        replace: "        count.swap(now, std::sync::atomic::Ordering::AcqRel);",
        scenarios: &[],
        // Six to nine percent of four nanoseconds: on a busy machine some of the three benchmarks name it, not all.
        benchmarks: &["metrics/record*"],
    },
    Seed {
        krate: "metrics",
        file: "series.rs",
        name: "a lock is taken for each value",
        find: "let own = shard::current();\n        if own < self.cells.len() - 1",
        replace: "drop(lock(&self.shared));\n        let own = shard::current();\n        if own < self.cells.len() - 1",
        scenarios: &[],
        benchmarks: &["metrics/record/record", "metrics/record-two-threads/record"],
    },
    Seed {
        krate: "metrics",
        file: "recorder.rs",
        name: "a buffer is made anew for each timer",
        find: "read(it.series()?, Unit::Seconds, &mut packer)?",
        replace: "read(it.series()?, Unit::Seconds, &mut Packer::default())?",
        scenarios: &["metrics/snapshot-20"],
        benchmarks: &[],
    },
    Seed {
        krate: "store",
        file: "namespace.rs",
        name: "a key is looked up twice",
        find: "self.counted(self.0.find(key.as_ref()))",
        replace: "match self.peek(key) {\n            Some(_) => self.counted(self.0.find(key.as_ref())),\n            None => self.counted(None),\n        }",
        scenarios: &[],
        benchmarks: &["store/hit-1000/get", "store/hit-1000/get-with-ttl"],
    },
    Seed {
        krate: "store",
        file: "snapshot/mod.rs",
        name: "every record is written by itself",
        find: "match self.buffer.len() < CHUNK {",
        replace: "match self.buffer.is_empty() {",
        scenarios: &["store/save-100"],
        benchmarks: &[],
    },
    Seed {
        krate: "memory-trimmer",
        file: "history.rs",
        name: "a message is cloned when it is added",
        find: "self.messages.push_back(message);",
        replace: "self.messages.push_back(message.clone());",
        scenarios: &["memory-trimmer/push-and-trim"],
        benchmarks: &["memory-trimmer/append-at-100000/push-and-check"],
    },
    Seed {
        krate: "consolidator",
        file: "rendered.rs",
        name: "each part has a string of its own first",
        find: "render::part(model, part, buffer);",
        replace: "let mut piece = String::new();\n            render::part(model, part, &mut piece);\n            buffer.push_str(&piece);",
        scenarios: &["consolidator/append"],
        benchmarks: &["consolidator/append-mixed-at-200/append"],
    },
    Seed {
        krate: "consolidator",
        file: "consolidator.rs",
        name: "a step is cloned to be compared",
        find: "if self.model.is(number, &step) {",
        replace: "if self.model.is(number, &step.clone()) {",
        scenarios: &["consolidator/append"],
        benchmarks: &[],
    },
    Seed {
        krate: "path-cache",
        file: "normalize.rs",
        name: "the cleaned bytes are copied into a path",
        find: ".and_then(to_path)",
        replace: ".and_then(|bytes| to_path(bytes.clone()))",
        scenarios: &["path-cache/normalize"],
        benchmarks: &["path-cache/normalize-messy/normalize"],
    },
    Seed {
        krate: "path-cache",
        file: "cache.rs",
        name: "a path is asked for before it is proven",
        find: "if self.still_holds(path, key, &found) {",
        replace: "if found.still_leads(path) && self.still_holds(path, key, &found) {",
        scenarios: &["path-cache/resolve-watched"],
        benchmarks: &[],
    },
    Seed {
        krate: "file-cache",
        file: "cache.rs",
        name: "a key is allocated for each lookup",
        find: "let Some(file) = self.resident.get(key_of(path)) else {",
        replace: "let Some(file) = self.resident.get(&Key::from(key_of(path))) else {",
        scenarios: &["file-cache/pinned-hit"],
        benchmarks: &["file-cache/pinned-hit/read"],
    },
    Seed {
        krate: "file-cache",
        file: "load.rs",
        name: "a file is asked twice what it is",
        find: "let (sort, before) = handle.stat().map_err(failed)?;",
        replace: "check_sort(place.path, handle.stat().map_err(failed)?.0)?;\n        let (sort, before) = handle.stat().map_err(failed)?;",
        scenarios: &["file-cache/cold-100"],
        benchmarks: &[],
    },
    Seed {
        krate: "watch",
        file: "linux/mod.rs",
        name: "a directory is looked up though it is watched",
        find: "if !state.ways.contains(parent) {",
        replace: "{",
        scenarios: &["watch/arm"],
        benchmarks: &["watch/arm/arm-and-release"],
    },
    Seed {
        krate: "watch",
        file: "linux/mod.rs",
        name: "every proof takes the lock and looks twice",
        find: "let pending = poll.pending();",
        replace: "self.drain(&mut self.lock());\n        let pending = poll.pending();",
        scenarios: &["watch/refresh"],
        benchmarks: &[],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::super::{file, tree};
    use super::*;

    impl Seed {
        pub(in super::super) const TEST: Self = Self {
            krate: "a",
            file: "lib.rs",
            name: "a test",
            find: "a",
            replace: "b",
            scenarios: &[],
            benchmarks: &[],
        };
    }

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn every_text_still_stands_in_its_file_once() {
        for seed in SEEDS {
            let seeded = tree::replaced(&read(&file(root(), seed)), seed).unwrap();
            assert!(seeded.contains(seed.replace), "{}", seed.name);
        }
    }

    #[test]
    fn every_seed_is_to_be_named_by_something_that_there_is() {
        let snapshot = read(&root().join("benches/counts/snapshot.json"));
        for seed in SEEDS {
            assert!(
                !seed.scenarios.is_empty() || !seed.benchmarks.is_empty(),
                "{}",
                seed.name
            );
            for id in seed.scenarios {
                assert!(
                    snapshot.contains(&format!("\"{id}\"")),
                    "{id} is no scenario"
                );
            }
            let target = seed.krate.replace('-', "_");
            let bench = read(&root().join(format!("benches/benches/{target}.rs")));
            for id in seed.benchmarks {
                // A group's name may be put together; a benchmark that is not there is missed when it is run.
                let (group, function) = id.rsplit_once('/').unwrap();
                assert!(group.starts_with(seed.krate), "{id} is of another crate");
                assert!(
                    id.ends_with('*') || bench.contains(&format!("\"{function}\"")),
                    "{id}: no such function"
                );
            }
        }
    }

    #[test]
    fn every_crate_has_one_and_names_are_unique() {
        let crates: BTreeSet<String> = std::fs::read_dir(root().join("crates"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let seeded: BTreeSet<String> = SEEDS.iter().map(|seed| seed.krate.to_owned()).collect();
        assert_eq!(seeded, crates);
        let names: BTreeSet<_> = SEEDS.iter().map(|seed| (seed.krate, seed.name)).collect();
        assert_eq!(names.len(), SEEDS.len());
    }
}
