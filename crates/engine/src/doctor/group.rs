//! The runs of one workflow, and what they would come to by other settings.

use std::cell::OnceCell;

use crate::replay::{CostModel, Outcome, Player};
use crate::settings::Settings;
use crate::trace::{Figures, Setup, Trace};

use super::model::{Change, Replay, Replayed, Trial, Unit};

/// The runs of one workflow.
pub(super) struct Group {
    pub(super) workflow: String,
    /// Of the workflow as it is and by the settings of its newest run, the oldest first; at least one.
    pub(super) runs: Vec<Trace>,
    /// All others.
    pub(super) superseded: Vec<Trace>,
    pub(super) figures: Figures,
    player: OnceCell<Option<Replays>>,
}

/// Its runs made ready, by which costs, and what they come to as they were.
struct Replays {
    player: Player,
    cost: CostModel,
    is_measured: bool,
    before: Outcome,
}

/// Runs by the name of their workflow, in the order of their newest runs.
pub(super) fn groups(mut traces: Vec<Trace>) -> Vec<Group> {
    traces.sort_by_key(|it| (it.header.started_unix_ms, it.header.round));
    let mut names: Vec<String> = Vec::new();
    for trace in &traces {
        names.retain(|it| *it != trace.header.workflow);
        names.push(trace.header.workflow.clone());
    }
    let of = |name: String| {
        let (own, rest) = std::mem::take(&mut traces)
            .into_iter()
            .partition(|it: &Trace| it.header.workflow == name);
        traces = rest;
        Group::new(name, own)
    };
    names.into_iter().map(of).collect()
}

impl Group {
    /// Of at least one trace, the oldest first.
    fn new(workflow: String, traces: Vec<Trace>) -> Self {
        let newest = &traces
            .last()
            .expect("because a name came from a trace")
            .header;
        let (hash, setup) = (newest.workflow_hash, newest.setup);
        let (runs, superseded): (Vec<Trace>, Vec<Trace>) = traces
            .into_iter()
            .partition(|it| it.header.workflow_hash == hash && it.header.setup == setup);
        Self {
            workflow,
            figures: Figures::of(&runs),
            runs,
            superseded,
            player: OnceCell::new(),
        }
    }

    /// The settings of all its runs.
    pub(super) fn setup(&self) -> &Setup {
        &self.newest().header.setup
    }

    pub(super) fn newest(&self) -> &Trace {
        self.runs.last().expect("because a group has a newest run")
    }

    /// Its runs by process, or whatever else shares caches.
    pub(super) fn sessions(&self) -> Vec<Vec<&Trace>> {
        let mut sessions: Vec<Vec<&Trace>> = Vec::new();
        for trace in &self.runs {
            let session = trace.header.session;
            let known = sessions
                .iter_mut()
                .find(|it| it[0].header.session == session);
            match known {
                Some(runs) => runs.push(trace),
                None => sessions.push(vec![trace]),
            }
        }
        sessions
    }

    /// What its runs would have come to with these changes. None if it cannot be replayed. O(accesses × log accesses) the
    /// first time, then O(accesses).
    pub(super) fn replayed(&self, changes: &[Change]) -> Option<Replayed> {
        let replays = self.player.get_or_init(|| {
            let player = Player::new(&self.runs).ok()?;
            let (cost, is_measured) = costs(CostModel::fit(&self.runs));
            let before = player.replay(self.setup(), &cost);
            Some(Replays {
                player,
                cost,
                is_measured,
                before,
            })
        });
        let replays = replays.as_ref()?;
        let mut setup = *self.setup();
        for change in changes {
            set(&mut setup, change.setting, change.to);
        }
        let after = replays.player.replay(&setup, &replays.cost);
        Some(Replayed {
            before: Replay::of(&replays.before),
            after: Replay::of(&after),
            is_measured: replays.is_measured,
        })
    }
}

/// The costs measured, and whether they are: where little was found in the cache, or the machine was busy with other things, a
/// hit may come out dearer than a load, which does all that a hit does. Then those by default.
fn costs(measured: CostModel) -> (CostModel, bool) {
    let hit = measured.hit_ns.max(measured.hit_unasked_ns);
    let is_sound = hit <= measured.load_ns && measured.path_hit_ns <= measured.path_miss_ns;
    let default = CostModel::default();
    match is_sound {
        true => (measured, measured != default),
        false => (default, false),
    }
}

impl Replay {
    fn of(outcome: &Outcome) -> Self {
        Self {
            makespan_ns: outcome.makespan_ns,
            reads: outcome.reads,
            hits: outcome.hits,
            tokens: outcome.input_tokens.saturating_add(outcome.output_tokens),
        }
    }
}

/// The field of a setting. One table for reading and writing.
fn field<'a>(setup: &'a mut Setup, setting: &str) -> Field<'a> {
    let (long, short) = match setting {
        "files.entries" => (Some(&mut setup.files_entries), None),
        "files.bytes" => (Some(&mut setup.files_bytes), None),
        "files.max_file_size" => (Some(&mut setup.files_max_file_size), None),
        "paths.entries" => (Some(&mut setup.paths_entries), None),
        "caches.prompts" => (Some(&mut setup.prompts), None),
        "caches.prompt_bytes" => (Some(&mut setup.prompt_bytes), None),
        "caches.prompt_ttl" => (Some(&mut setup.prompt_ttl_ns), None),
        "history.max_tokens" => (Some(&mut setup.history_max_tokens), None),
        "files.workers" => (None, Some(&mut setup.files_workers)),
        "limits.cpu" => (None, Some(&mut setup.limit_cpu)),
        "limits.io" => (None, Some(&mut setup.limit_io)),
        "limits.memory" => (None, Some(&mut setup.limit_memory)),
        _ => (None, None),
    };
    (long, short)
}

type Field<'a> = (Option<&'a mut u64>, Option<&'a mut u32>);

fn set(setup: &mut Setup, setting: &str, value: u64) {
    match field(setup, setting) {
        (Some(it), _) => *it = value,
        (_, Some(it)) => *it = u32::try_from(value).unwrap_or(u32::MAX),
        (None, None) => {}
    }
}

/// What the settings say now, where it is not what the runs had.
pub(super) fn meanwhile(change: &Change, settings: &Settings) -> Option<u64> {
    let mut setup = Setup::new(settings);
    let now = match field(&mut setup, change.setting) {
        (Some(it), _) => *it,
        (_, Some(it)) => u64::from(*it),
        (None, None) => return None,
    };
    (now != change.from).then_some(now)
}

impl Change {
    pub(super) fn count(setting: &'static str, from: u64, to: u64) -> Self {
        Self {
            setting,
            from,
            to,
            unit: Unit::Count,
        }
    }

    pub(super) fn bytes(setting: &'static str, from: u64, to: u64) -> Self {
        Self {
            setting,
            from,
            to,
            unit: Unit::Bytes,
        }
    }

    pub(super) fn time(setting: &'static str, from: u64, to: u64) -> Self {
        Self {
            setting,
            from,
            to,
            unit: Unit::Nanoseconds,
        }
    }

    /// What a search would try around it: from what it was to twice what is proposed, or down to a half of it.
    pub(super) fn trial(&self) -> Trial {
        let (low, high) = match self.from < self.to {
            true => (self.from, self.to.saturating_mul(2)),
            false => (self.to / 2, self.from),
        };
        Trial {
            setting: self.setting,
            low: low.max(1),
            high,
            unit: self.unit,
        }
    }
}
