//! Settings: one commented TOML with all defaults, embedded and printable, under what a file says differently.

use std::collections::BTreeMap;
use std::time::Duration;

use autoexec_file_cache::Freshness;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::document::diagnostic::suggestion;
use crate::document::units;
use crate::telemetry::watched;

pub use crate::telemetry::{AlertSettings, Limit};

/// All settings with their defaults, as commented TOML.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// Settings of an [`Engine`](crate::Engine). What each means stands in [`DEFAULTS`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// The file cache.
    pub files: Files,
    /// The path cache.
    pub paths: Paths,
    /// Caches of what was asked.
    pub caches: Caches,
    /// Steps at once.
    pub limits: Limits,
    /// Commands.
    pub commands: Commands,
    /// Conversations.
    pub history: History,
    /// Levels of log lines.
    pub log: Log,
    /// What is measured over all runs.
    pub metrics: Metrics,
    /// What runs leave behind for tuning and replays.
    pub trace: Trace,
    /// Rules over these figures, by name.
    pub alerts: BTreeMap<String, AlertSettings>,
}

/// What is measured over all runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Metrics {
    /// Whether anything is; the reports of runs do not depend on it, alerts do.
    pub enabled: bool,
}

/// Traces of runs. An engine writes one only where [`RunOptions::trace`](crate::RunOptions::trace) says so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Trace {
    /// Whether `orchestrator run` writes any.
    pub enabled: bool,
    /// Where, relative to the folder it is started in.
    pub folder: String,
    /// Whether names of files and folders stand in them.
    pub names: bool,
    /// Most traces kept; 0 for all.
    pub keep: usize,
    /// Most bytes of traces kept.
    #[serde(deserialize_with = "size")]
    pub bytes: u64,
}

/// The file cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Files {
    /// Most files held.
    pub entries: usize,
    /// Most bytes held.
    #[serde(deserialize_with = "size")]
    pub bytes: u64,
    /// Larger files are not read, in bytes.
    #[serde(deserialize_with = "size")]
    pub max_file_size: u64,
    /// Threads of one `read` step.
    pub workers: usize,
    /// How it is made sure that a file held is still what is on disk.
    #[serde(deserialize_with = "freshness")]
    pub freshness: Freshness,
}

/// The path cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Paths {
    /// Most resolved paths held.
    pub entries: usize,
}

/// Caches of what was asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Caches {
    /// Most answers held; 0 for no cache.
    pub prompts: usize,
    /// How long an answer holds; no time for no cache.
    #[serde(deserialize_with = "duration")]
    pub prompt_ttl: Duration,
    /// Most bytes held, questions included; 0 for no cache.
    #[serde(deserialize_with = "size")]
    pub prompt_bytes: u64,
}

/// Steps of a class at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Class `cpu`; 0 for as many as there are processors.
    pub cpu: usize,
    /// Class `io`.
    pub io: usize,
    /// Class `memory`.
    pub memory: usize,
}

/// Commands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Commands {
    /// Bytes kept of each output stream.
    #[serde(deserialize_with = "size")]
    pub output_limit: u64,
    /// Between asking a process group to end and killing it.
    #[serde(deserialize_with = "duration")]
    pub kill_grace: Duration,
}

/// Conversations.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct History {
    /// Pairs that are always safe.
    pub max_pairs: usize,
    /// Trimming starts above this multiple.
    pub trim_threshold: f64,
    /// And leaves this multiple.
    pub safe_trim_level: f64,
    /// Above this multiple it is an emergency.
    pub emergency: f64,
    /// Most estimated tokens.
    pub max_tokens: u64,
    /// What a trim keeps.
    pub keep: Keep,
    /// Most bytes held of dropped messages; 0 for none.
    #[serde(deserialize_with = "size")]
    pub archive: u64,
}

/// What a trim of a conversation keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Keep {
    /// The latest messages.
    Recent,
    /// The messages that have most to do with the question, in their order.
    Relevant,
}

/// Levels of log lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Log {
    /// INFO from here on.
    #[serde(deserialize_with = "duration")]
    pub info_after: Duration,
    /// WARN above this.
    #[serde(deserialize_with = "duration")]
    pub warn_after: Duration,
}

impl Trace {
    /// The folder of traces of what is started in `base`.
    #[must_use]
    pub fn folder_below(&self, base: &std::path::Path) -> crate::trace::Folder {
        let mut folder = crate::trace::Folder::new(base.join(&self.folder));
        (folder.keep, folder.bytes) = (self.keep, self.bytes);
        folder
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::from_toml("").expect("because the embedded defaults are complete and valid")
    }
}

impl Settings {
    /// The defaults under what `text` says differently.
    ///
    /// # Errors
    /// TOML errors, unknown keys and values out of range, in one sentence with line and column where known.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let mut table: toml::Table = DEFAULTS
            .parse()
            .expect("because the embedded defaults are TOML");
        let over: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| e.to_string().trim_end().to_owned())?;
        own_limits(&mut table, &over)?;
        merge(&mut table, over);
        let settings: Self = table
            .try_into()
            .map_err(|e: toml::de::Error| e.to_string().trim_end().to_owned())?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), String> {
        let at_least_one = [
            ("files.entries", self.files.entries),
            ("files.workers", self.files.workers),
            ("paths.entries", self.paths.entries),
            ("limits.io", self.limits.io),
            ("limits.memory", self.limits.memory),
        ];
        match at_least_one.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(format!("`{name}` must be at least 1")),
            None => self
                .thresholds()
                .validate()
                .map_err(|e| format!("`history`: {e}"))
                .and_then(|()| watched(&self.alerts).map(drop))
                .and_then(|()| match self.trace.folder.trim().is_empty() {
                    true => Err("`trace.folder` must name a folder".to_owned()),
                    false => Ok(()),
                }),
        }
    }

    /// The thresholds of conversations.
    pub(crate) fn thresholds(&self) -> autoexec_memory_trimmer::Thresholds {
        let mut thresholds = autoexec_memory_trimmer::Thresholds::production();
        thresholds.max_pairs = self.history.max_pairs;
        thresholds.trim_threshold = self.history.trim_threshold;
        thresholds.safe_trim_level = self.history.safe_trim_level;
        thresholds.emergency = self.history.emergency;
        thresholds.max_tokens = Some(self.history.max_tokens);
        thresholds
    }
}

/// A default rule that gets another limit no longer clears where the default one did. A rule without a metric of its own
/// has to be one of the defaults.
fn own_limits(under: &mut toml::Table, over: &toml::Table) -> Result<(), String> {
    let (Some(toml::Value::Table(under)), Some(toml::Value::Table(over))) =
        (under.get_mut("alerts"), over.get("alerts"))
    else {
        return Ok(());
    };
    for (name, rule) in over.iter() {
        let Some(rule) = rule.as_table() else {
            continue;
        };
        match under.get_mut(name).and_then(toml::Value::as_table_mut) {
            Some(default) if rule.contains_key("above") || rule.contains_key("below") => {
                _ = default.remove("clear");
            }
            None if !rule.contains_key("metric") => {
                let names: Vec<&str> = under.keys().map(String::as_str).collect();
                let near = suggestion(name, names);
                let near = near.map_or(String::new(), |it| format!("; {it}"));
                return Err(format!(
                    "`alerts.{name}`: there is no such rule to change, and a new one needs a `metric`{near}"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn merge(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => _ = under.insert(key, value),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Unit {
    Number(u64),
    Text(String),
}

fn size<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    match Unit::deserialize(d)? {
        Unit::Number(bytes) => Ok(bytes),
        Unit::Text(text) => {
            units::parse_size(&text).map_err(|what| D::Error::custom(format!("expected {what}")))
        }
    }
}

fn freshness<'de, D: Deserializer<'de>>(d: D) -> Result<Freshness, D::Error> {
    let text = String::deserialize(d)?;
    match text.as_str() {
        "validate" => Ok(Freshness::Validate),
        "watch" => Ok(Freshness::Watch),
        "pinned" => Ok(Freshness::Pinned),
        other => units::parse_duration(other)
            .map(Freshness::Ttl)
            .map_err(|_| {
                D::Error::custom(
                    "expected `validate`, `watch`, `pinned`, or a time to live such as `5s`",
                )
            }),
    }
}

fn duration<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    match Unit::deserialize(d)? {
        Unit::Number(seconds) => Ok(Duration::from_secs(seconds)),
        Unit::Text(text) => units::parse_duration(&text)
            .map_err(|what| D::Error::custom(format!("expected {what}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changes_only_what_it_names() {
        let settings =
            Settings::from_toml("[files]\nentries = 7\nbytes = \"1 KiB\"\n").expect("valid");
        assert_eq!(
            (
                settings.files.entries,
                settings.files.bytes,
                settings.files.workers
            ),
            (7, 1024, 4)
        );
        assert_eq!(Settings::default().files.bytes, 512 << 20);
        for (text, expect) in [
            ("validate", Freshness::Validate),
            ("watch", Freshness::Watch),
            ("pinned", Freshness::Pinned),
            ("5s", Freshness::Ttl(Duration::from_secs(5))),
        ] {
            let text = format!("[files]\nfreshness = \"{text}\"\n");
            assert_eq!(
                Settings::from_toml(&text).expect("valid").files.freshness,
                expect
            );
        }
    }

    #[test]
    fn wrong_settings_are_refused_with_their_name() {
        let check = |text: &str, expect: &str| {
            let e = Settings::from_toml(text).expect_err(text);
            assert!(e.contains(expect), "{e}");
        };
        check("[files]\nentires = 7\n", "entires");
        check("[files]\nbytes = \"lots\"\n", "a size such as");
        check("[files]\nentries = 0\n", "files.entries");
        check("[files]\nfreshness = \"maybe\"\n", "`watch`");
        check("[files\n", "1");
        check("[history]\nsafe_trim_level = 9.0\n", "history");
        check("[history]\nkeep = \"all\"\n", "`relevant`");
        check("[caches]\nprompt_ttl = \"soon\"\n", "prompt_ttl");
        check("[trace]\nfolder = \" \"\n", "trace.folder");
        check("[trace]\nbytes = \"few\"\n", "a size such as");
    }
}
