//! Random operations against a naive model: whatever is found is what was put last, whatever is missing was evicted for
//! want of room, removed, or is expired, and every count adds up.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use autoexec_store::{
    ENTRY_OVERHEAD, Entry, Fingerprint, LINK_OVERHEAD, Namespace, Options, Store,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::ManualClock;

const MAX_ENTRIES: u64 = 6;
const MAX_BYTES: u64 = 6 * 2_500;
/// What is left of it for entries, beside what the table remembers of evicted ones: 96 bytes for each 4,096.
const USABLE: u64 = MAX_BYTES - MAX_BYTES / 4_096 * 96;

#[derive(Debug, Clone)]
enum Op {
    Insert {
        key: u8,
        len: usize,
        ttl: Option<u64>,
        tag: Option<u8>,
        file: Option<(u8, u8)>,
    },
    Compute(u8),
    Get(u8),
    Remove(u8),
    Prefix(u8),
    Tag(u8),
    File(u8, Option<u8>),
    Pass(u64),
    Purge,
    Shrink(u8),
    Clear,
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..18_u8;
    let len = prop_oneof![4 => 0..200_usize, 2 => 1_000..4_000_usize, 1 => 8_000..20_000_usize];
    let insert = (
        key.clone(),
        len,
        prop::option::of(0..30_u64),
        prop::option::of(0..3_u8),
        prop::option::of((0..3_u8, 0..3_u8)),
    );
    let insert = insert.prop_map(|(key, len, ttl, tag, file)| Op::Insert {
        key,
        len,
        ttl,
        tag,
        file,
    });
    prop_oneof![
        12 => insert,
        3 => key.clone().prop_map(Op::Compute),
        6 => key.clone().prop_map(Op::Get),
        2 => key.prop_map(Op::Remove),
        1 => (0..3_u8).prop_map(Op::Prefix),
        1 => (0..3_u8).prop_map(Op::Tag),
        1 => (0..3_u8, prop::option::of(0..3_u8)).prop_map(|(file, now)| Op::File(file, now)),
        2 => (0..15_u64).prop_map(Op::Pass),
        1 => Just(Op::Purge),
        1 => (0..=100_u8).prop_map(Op::Shrink),
        1 => Just(Op::Clear),
    ]
}

/// Keys 0 to 17 have three first letters.
fn key(number: u8) -> Vec<u8> {
    vec![b'a' + number % 3, number]
}

struct Held {
    value: Vec<u8>,
    expires: Option<u64>,
    tag: Option<u8>,
    file: Option<(u8, u8)>,
}

impl Held {
    fn charge(&self) -> u64 {
        let links = u64::from(self.tag.is_some()) + u64::from(self.file.is_some());
        2 + self.value.len() as u64 + ENTRY_OVERHEAD + links * (LINK_OVERHEAD + 1)
    }

    fn weight(&self) -> u64 {
        (self.charge() * MAX_ENTRIES).max(USABLE)
    }
}

struct World {
    store: Store,
    space: Namespace,
    clock: ManualClock,
    now: u64,
    held: BTreeMap<u8, Held>,
    serial: u8,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::default();
        let options = Options {
            max_entries: MAX_ENTRIES as usize,
            max_bytes: MAX_BYTES,
            clock: Arc::new(clock.clone()),
            ..Options::default()
        };
        let store = Store::new(options).unwrap();
        Self {
            space: store.namespace("it"),
            store,
            clock,
            now: 0,
            held: BTreeMap::new(),
            serial: 0,
        }
    }

    fn drop_expired(&mut self) {
        let now = self.now;
        self.held
            .retain(|_, it| it.expires.is_none_or(|then| then > now));
    }

    /// Does the same to both, and says how many entries may have been evicted: none, if there was room.
    fn apply(&mut self, op: &Op) -> bool {
        self.drop_expired();
        match op.clone() {
            Op::Insert {
                key: number,
                len,
                ttl,
                tag,
                file,
            } => {
                self.serial = self.serial.wrapping_add(1);
                let held = Held {
                    value: vec![self.serial; len],
                    expires: ttl.map(|ttl| self.now + ttl),
                    tag,
                    file,
                };
                let mut entry = Entry::new(held.value.clone());
                if let Some(ttl) = ttl {
                    entry = entry.with_ttl(Duration::from_millis(ttl));
                }
                if let Some(tag) = tag {
                    entry = entry.with_tag(&tag.to_string());
                }
                if let Some((file, state)) = file {
                    entry = entry.with_file([file], Fingerprint(state.into()));
                }
                let is_held = self.space.insert(&key(number), entry);
                return self.inserted(number, held, is_held);
            }
            Op::Compute(number) => {
                let value = self
                    .space
                    .get_or_compute(&key(number), || Ok::<_, ()>([7; 50].to_vec()));
                let value = value.unwrap().to_vec();
                if let Some(held) = self.held.get(&number) {
                    assert_eq!(value, held.value);
                    return false;
                }
                let held = Held {
                    value,
                    expires: None,
                    tag: None,
                    file: None,
                };
                return self.inserted(number, held, true);
            }
            Op::Get(number) => {
                let found = self.space.get(&key(number)).map(|it| it.to_vec());
                assert_eq!(found.as_ref(), self.held.get(&number).map(|it| &it.value));
            }
            Op::Remove(number) => {
                let removed = self.space.remove(&key(number)).map(|it| it.to_vec());
                assert_eq!(removed, self.held.remove(&number).map(|it| it.value));
            }
            Op::Prefix(letter) => {
                self.space.remove_prefix(&[b'a' + letter]);
                self.held.retain(|number, _| number % 3 != letter);
            }
            Op::Tag(tag) => {
                self.space.remove_tag(&tag.to_string());
                self.held.retain(|_, it| it.tag != Some(tag));
            }
            Op::File(file, now) => {
                self.store
                    .file_changed([file], now.map(|it| Fingerprint(it.into())));
                self.held.retain(|_, it| {
                    it.file
                        .is_none_or(|(name, then)| name != file || Some(then) == now)
                });
            }
            Op::Pass(milliseconds) => {
                self.clock.advance(milliseconds);
                self.now += milliseconds;
                self.drop_expired();
            }
            Op::Purge => {
                self.store.purge_expired();
                assert_eq!(self.space.stats().entries, self.held.len() as u64);
            }
            Op::Shrink(percent) => {
                self.store.purge_expired();
                let bytes = self.space.stats().bytes;
                self.store.shrink_to(f64::from(percent) / 100.0);
                assert!(self.space.stats().bytes <= bytes * u64::from(percent) / 100);
                return true;
            }
            Op::Clear => {
                self.store.clear();
                self.held.clear();
            }
        }
        false
    }

    fn inserted(&mut self, number: u8, held: Held, is_held: bool) -> bool {
        let capacity = MAX_ENTRIES * USABLE;
        let fits_alone = held.weight() <= (capacity as f64 * 0.97) as u64;
        assert_eq!(is_held, fits_alone);
        self.held.remove(&number);
        if !is_held {
            return false;
        }
        self.held.insert(number, held);
        let needed: u64 = self.held.values().map(Held::weight).sum();
        self.drop_expired();
        needed > capacity
    }

    /// Takes note of what was evicted, and compares everything.
    fn compare(&mut self, may_evict: bool, evictions: u64) {
        let (space, mut missing) = (&self.space, 0);
        self.held
            .retain(|number, held| match space.peek(&key(*number)) {
                Some(value) => {
                    assert_eq!(value, held.value);
                    true
                }
                None => {
                    missing += 1;
                    false
                }
            });
        assert!(may_evict || missing == 0, "{missing} bystanders went");
        for number in 0..18 {
            let found = space.peek(&key(number)).is_some();
            assert_eq!(found, self.held.contains_key(&number));
        }
        let stats = self.store.stats();
        assert_eq!(stats, space.stats());
        // An entry that was evicted after it had expired is counted, but not missed.
        assert!(stats.evictions - evictions >= missing);
        assert!(stats.entries <= MAX_ENTRIES && stats.bytes <= USABLE);
        let gone = stats.evictions + stats.expirations + stats.invalidations + stats.refused;
        assert!(stats.entries + gone <= stats.inserts);
        let bytes: u64 = self.held.values().map(Held::charge).sum();
        assert!(stats.bytes >= bytes && stats.entries >= self.held.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_store_does_what_the_model_does(ops in prop::collection::vec(op(), 1..120)) {
        let mut world = World::new();
        for op in &ops {
            let evictions = world.store.stats().evictions;
            let may_evict = world.apply(op);
            world.compare(may_evict, evictions);
        }
        world.store.clear();
        let stats = world.store.stats();
        prop_assert_eq!((stats.entries, stats.bytes), (0, 0));
    }
}
