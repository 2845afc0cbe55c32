//! The settings that are searched: how they stand in the settings file, and in which range.

use autoexec_evolutionary_optimizer::{Error, Space, Value};

use crate::document::units::{format_duration, format_size};
use crate::trace::Setup;

use super::facts::Facts;

/// Values of `files.freshness`: 0 and 1 prove each hit, 2 stands for whatever else is set now.
const VALIDATE: u64 = 0;
const WATCH: u64 = 1;
const AS_SET: u64 = 2;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const SECOND: u64 = 1_000_000_000;

/// One setting as a whole number.
pub(super) struct Knob {
    /// Section and key.
    pub(super) key: &'static str,
    unit: Unit,
    get: fn(&Setup) -> u64,
    set: fn(&mut Setup, u64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Bytes,
    Seconds,
    Hundredths,
    Freshness,
}

/// Where a setting is searched.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Range {
    /// Evenly on a logarithmic scale.
    Log(u64, u64),
    /// Evenly.
    Even(u64, u64),
    /// Among these.
    Of(Vec<u64>),
}

/// A setting that is searched.
pub(super) struct Searched {
    pub(super) knob: &'static Knob,
    pub(super) range: Range,
}

/// A setting that is not searched, and why.
pub(super) type LeftOut = (&'static str, String);

macro_rules! knob {
    ($key:literal, $unit:ident, $field:ident) => {
        knob!($key, $unit, |s| s.$field as u64, |s, v| {
            s.$field = v.try_into().unwrap_or(s.$field.max(1))
        })
    };
    ($key:literal, $unit:ident, $get:expr, $set:expr) => {
        Knob {
            key: $key,
            unit: Unit::$unit,
            get: $get,
            set: $set,
        }
    };
}

/// All that a replay honours and that may be changed.
static KNOBS: [Knob; 13] = [
    knob!("files.entries", Count, files_entries),
    knob!("files.bytes", Bytes, files_bytes),
    knob!("files.workers", Count, files_workers),
    knob!("files.freshness", Freshness, freshness, set_freshness),
    knob!("paths.entries", Count, paths_entries),
    knob!("caches.prompts", Count, prompts),
    knob!("caches.prompt_bytes", Bytes, prompt_bytes),
    knob!(
        "caches.prompt_ttl",
        Seconds,
        |s| s.prompt_ttl_ns / SECOND,
        |s, v| {
            s.prompt_ttl_ns = v.saturating_mul(SECOND);
        }
    ),
    knob!("limits.cpu", Count, limit_cpu),
    knob!("limits.io", Count, limit_io),
    knob!("history.max_tokens", Count, history_max_tokens),
    knob!(
        "history.trim_threshold",
        Hundredths,
        |s| hundredths(s.history_trim_threshold),
        |s, v| s.history_trim_threshold = v as f64 / 100.0
    ),
    knob!(
        "history.safe_trim_level",
        Hundredths,
        |s| hundredths(s.history_safe_trim_level),
        |s, v| s.history_safe_trim_level = v as f64 / 100.0
    ),
];

fn hundredths(value: f64) -> u64 {
    (value * 100.0).round() as u64
}

fn freshness(setup: &Setup) -> u64 {
    match (setup.files_watch, setup.files_ttl_ns) {
        (true, _) => WATCH,
        (false, 0) => VALIDATE,
        _ => AS_SET,
    }
}

fn set_freshness(setup: &mut Setup, value: u64) {
    if value == AS_SET {
        return;
    }
    (setup.files_watch, setup.files_ttl_ns) = (value == WATCH, 0);
}

impl Knob {
    pub(super) fn get(&self, setup: &Setup) -> u64 {
        (self.get)(setup)
    }

    /// Sets a value. The one that `current` has gives what stands there, to the last digit.
    pub(super) fn set(&self, setup: &mut Setup, value: u64, current: &Setup) {
        if value != self.get(current) {
            return (self.set)(setup, value);
        }
        match self.key {
            "files.freshness" => {
                (setup.files_watch, setup.files_ttl_ns) =
                    (current.files_watch, current.files_ttl_ns);
            }
            "caches.prompt_ttl" => setup.prompt_ttl_ns = current.prompt_ttl_ns,
            "history.trim_threshold" => {
                setup.history_trim_threshold = current.history_trim_threshold;
            }
            "history.safe_trim_level" => {
                setup.history_safe_trim_level = current.history_safe_trim_level;
            }
            _ => (self.set)(setup, value),
        }
    }

    /// The value of a setup as it stands in a settings file.
    pub(super) fn toml(&self, setup: &Setup) -> String {
        let value = self.get(setup);
        match self.unit {
            Unit::Count => value.to_string(),
            Unit::Bytes => format!("\"{}\"", format_size(value)),
            Unit::Seconds => {
                let time = std::time::Duration::from_secs(value);
                format!("\"{}\"", format_duration(time))
            }
            Unit::Hundredths => format!("{:?}", value as f64 / 100.0),
            Unit::Freshness => match value {
                VALIDATE => "\"validate\"".into(),
                WATCH => "\"watch\"".into(),
                _ if setup.files_ttl_ns == u64::MAX => "\"pinned\"".into(),
                _ => {
                    let time = std::time::Duration::from_nanos(setup.files_ttl_ns);
                    format!("\"{}\"", format_duration(time))
                }
            },
        }
    }

    /// Whether a larger value may be rounded up: one that bounds what is held, not what runs at once.
    pub(super) fn is_capacity(&self) -> bool {
        !self.key.starts_with("limits.")
            && self.key != "files.workers"
            && matches!(self.unit, Unit::Count | Unit::Bytes)
    }

    /// Where to search it for these traces; or why not.
    fn range(&self, facts: &Facts, current: &Setup) -> Result<Range, String> {
        facts.decides(self.key)?;
        let now = self.get(current);
        let log = |low: u64, high: u64| Range::Log(low.min(now).max(1), high.max(now).max(1));
        let (cpus, files) = (u64::from(current.processors.max(1)), facts.files);
        Ok(match self.key {
            "files.entries" => log(64, (2 * files).max(65_536)),
            "files.bytes" => log(MIB, 1 << 30),
            "files.workers" => Range::Even(1, cpus.max(now)),
            "files.freshness" => Range::Of(facts.freshness(now)),
            "paths.entries" => log(16, (2 * facts.folders).max(16_384)),
            "caches.prompts" => log(1, (2 * facts.prompts).max(1_000)),
            "caches.prompt_bytes" => log(64 * KIB, 256 * MIB),
            "caches.prompt_ttl" => log(60, 86_400),
            "limits.cpu" => Range::Even(1, (2 * cpus).max(now)),
            "limits.io" => log(1, 64),
            "history.max_tokens" => log(1_000, 1_000_000),
            "history.trim_threshold" => {
                Range::Even(101.min(now), hundredths(current.history_emergency).max(now))
            }
            _ => Range::Even(50.min(now), hundredths(current.history_emergency).max(now)),
        })
    }
}

/// What is searched for these traces, and what is left out.
pub(super) fn choose(facts: &Facts, current: &Setup) -> (Vec<Searched>, Vec<LeftOut>) {
    let (mut searched, mut left_out) = (Vec::new(), Vec::new());
    for knob in &KNOBS {
        match knob.range(facts, current) {
            Ok(range) => searched.push(Searched { knob, range }),
            Err(why) => left_out.push((knob.key, why)),
        }
    }
    for (key, why) in [
        (
            "files.max_file_size",
            "a lower one refuses what the runs read, and what a higher one lets in no trace knows",
        ),
        (
            "limits.memory",
            "what memory the steps need, which it is there to bound, no trace knows",
        ),
        (
            "history.max_pairs, history.emergency",
            "they say when a trim is due, as the threshold and the tokens do that are searched",
        ),
        (
            "prefetch, verification, budgets",
            "this version has no such settings",
        ),
    ] {
        left_out.push((key, why.to_owned()));
    }
    (searched, left_out)
}

/// As far as the optimizer counts.
fn whole(value: u64) -> i64 {
    value.min(1 << 53) as i64
}

/// The space of these settings.
///
/// # Errors
/// A range that the optimizer refuses, which none of [`choose`] is.
pub(super) fn space(searched: &[Searched]) -> Result<Space, Error> {
    let mut space = Space::new();
    for it in searched {
        space = match &it.range {
            Range::Log(low, high) => space.log_integer(it.knob.key, whole(*low)..=whole(*high)),
            Range::Even(low, high) => space.integer(it.knob.key, whole(*low)..=whole(*high)),
            Range::Of(values) => {
                space.categorical(it.knob.key, values.iter().map(ToString::to_string))
            }
        };
    }
    space.build()
}

/// A setup as a point of the space.
pub(super) fn point(searched: &[Searched], setup: &Setup) -> Vec<Value> {
    let value = |it: &Searched| {
        let value = it.knob.get(setup);
        match &it.range {
            Range::Of(values) => {
                Value::Choice(values.iter().position(|it| *it == value).unwrap_or(0))
            }
            &(Range::Log(low, high) | Range::Even(low, high)) => {
                Value::Integer(whole(value.clamp(low, high)))
            }
        }
    };
    searched.iter().map(value).collect()
}

/// The setup that a point stands for.
pub(super) fn setup(searched: &[Searched], values: &[Value], current: &Setup) -> Setup {
    let mut setup = *current;
    for (it, value) in searched.iter().zip(values) {
        let value = match (value, &it.range) {
            (Value::Choice(index), Range::Of(values)) => values[*index],
            (Value::Integer(value), _) => u64::try_from(*value).unwrap_or(0),
            _ => continue,
        };
        let value = match it.knob.unit {
            Unit::Bytes if value != it.knob.get(current) => round_size(value),
            _ => value,
        };
        it.knob.set(&mut setup, value, current);
    }
    setup
}

/// Whole MiB, of little whole KiB: who reads it should not wonder about the last byte.
fn round_size(bytes: u64) -> u64 {
    let unit = if bytes >= 8 * MIB { MIB } else { KIB };
    bytes.next_multiple_of(unit)
}

impl Facts {
    /// Among what freshness is searched: ways that prove each hit and were recorded, and what is set now.
    fn freshness(&self, now: u64) -> Vec<u64> {
        let mut values = vec![now];
        let known = [(VALIDATE, self.validates), (WATCH, self.watches)];
        values.extend(known.iter().filter(|it| it.1).map(|it| it.0));
        values.sort_unstable();
        values.dedup();
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_setup_survives_the_way_through_the_space() {
        let mut current = Setup::new(&Settings::default());
        (current.files_bytes, current.prompt_ttl_ns) = (12_345_678, 1_500_000_000);
        current.history_trim_threshold = 1.234;
        current.files_ttl_ns = 5 * SECOND;
        current.files_entries = 1 << 53;
        let facts = Facts::everything();
        let (searched, _) = choose(&facts, &current);
        assert_eq!(searched.len(), KNOBS.len());
        let space = space(&searched).expect("sound ranges");
        let point = point(&searched, &current);
        assert!(space.contains(&point));
        assert_eq!(setup(&searched, &point, &current), current);
        for candidate in space.sample(1, 200) {
            let one = setup(&searched, candidate.values(), &current);
            for it in &searched {
                let mut again = current;
                it.knob.set(&mut again, it.knob.get(&one), &current);
                assert_eq!(it.knob.get(&again), it.knob.get(&one), "{}", it.knob.key);
            }
        }
    }

    /// What is proposed can be written into a settings file, and means what was replayed.
    #[test]
    fn values_stand_in_a_settings_file_as_they_were_replayed() {
        let current = Setup::new(&Settings::default());
        let (searched, _) = choose(&Facts::everything(), &current);
        let space = space(&searched).expect("sound ranges");
        for candidate in space.sample(2, 100) {
            let wanted = setup(&searched, candidate.values(), &current);
            if crate::replay::thresholds(&wanted).validate().is_err() {
                continue;
            }
            let lines = searched.iter().map(|it| {
                let value = it.knob.toml(&wanted);
                format!("{} = {value}\n", it.knob.key)
            });
            let settings = Settings::from_toml(&lines.collect::<String>()).expect("valid");
            assert_eq!(Setup::new(&settings), wanted);
        }
    }
}
