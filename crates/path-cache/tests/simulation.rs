//! The simulation against the cache: the same requests get the same answers.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(target_os = "linux")]

use autoexec_path_cache::{Freshness, Options, PathCache, Simulation};
use proptest::prelude::*;

proptest! {
    #[test]
    fn as_the_cache_answers(
        reads in proptest::collection::vec(0u64..12, 0..200),
        capacity in 0usize..9,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: u64| folder.path().join(number.to_string());
        (0..12).for_each(|number| std::fs::create_dir(path(number)).unwrap());
        let options = Options { capacity, freshness: Freshness::Validate, ..Options::default() };
        let (cache, mut simulation) = (PathCache::new(options.clone()), Simulation::new(&options));
        for number in reads {
            let (answer, is_hit) = cache.resolve_and_tell(&path(number));
            prop_assert!(answer.is_ok());
            prop_assert_eq!(simulation.resolve(number), is_hit);
        }
        let stats = cache.stats();
        prop_assert!(stats.entries <= capacity as u64);
    }
}
