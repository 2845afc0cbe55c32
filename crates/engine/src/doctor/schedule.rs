//! Steps beside each other: who waits for a place, who for whom, and documents that take long.

use crate::trace::{Step, Trace, What};
use crate::workflow::model::Class;

use super::group::Group;
use super::model::{Change, Concern, Finding, Measured, Severity, Topic, Unit};
use super::rules::{CHAIN, CONSOLIDATION, WAITING, WAITING_OWN, WORTH_A_CHANGE};

/// Places of a class that anybody is advised to have.
const MOST_PLACES: u64 = 1_024;
/// Steps of a chain that are named.
const NAMED: usize = 4;

pub(super) fn examine(group: &Group, findings: &mut Vec<Finding>) {
    let classes = [
        (Class::Cpu, "cpu", "limits.cpu"),
        (Class::Io, "io", "limits.io"),
        (Class::Memory, "memory", "limits.memory"),
    ];
    for (at, (class, name, setting)) in classes.into_iter().enumerate() {
        findings.extend(waiting(group, class, (at, name, setting)));
    }
    findings.extend(longest_chain(group));
    findings.extend(slow_consolidation(group));
}

/// Steps in an order in which each stands behind those it needs. Steps in a circle are left out; no run records one.
fn in_order(steps: &[Step]) -> Vec<usize> {
    let mut waiting: Vec<usize> = steps.iter().map(|it| it.needs.len()).collect();
    let mut dependants: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (index, step) in steps.iter().enumerate() {
        step.needs
            .iter()
            .for_each(|it| dependants[*it as usize].push(index));
    }
    let mut order: Vec<usize> = (0..steps.len()).filter(|it| waiting[*it] == 0).collect();
    let mut next = 0;
    while let Some(&index) = order.get(next) {
        next += 1;
        for &after in &dependants[index] {
            waiting[after] -= 1;
            if waiting[after] == 0 {
                order.push(after);
            }
        }
    }
    order
}

/// When the last of its needs had ended, for each step.
fn ready_ns(steps: &[Step]) -> Vec<u64> {
    let (mut ready, mut ends) = (vec![0; steps.len()], vec![0u64; steps.len()]);
    for index in in_order(steps) {
        let needs = steps[index].needs.iter().map(|it| ends[*it as usize]);
        ready[index] = needs.max().unwrap_or(0);
        let end = steps[index].span_ns().map_or(0, |(_, end)| end);
        ends[index] = end.max(ready[index]);
    }
    ready
}

/// Of the tasks of a class in one run: how long all places were taken while one waited, and how many there were at most that
/// ran or waited. O(tasks × log tasks).
fn waited(run: &Trace, class: Class, limit: u64) -> (u64, u64) {
    let ready = ready_ns(&run.steps);
    // Moment, change of those that run, change of those that wait.
    let mut moments: Vec<(u64, i64, i64)> = Vec::new();
    let steps = run.steps.iter().zip(ready);
    for (step, ready) in steps.filter(|it| it.0.class == class) {
        for task in &step.tasks {
            let end = task.at_ns.saturating_add(task.ns);
            moments.extend([
                (ready.min(task.at_ns), 0, 1),
                (task.at_ns, 1, -1),
                (end, -1, 0),
            ]);
        }
    }
    moments.sort_unstable();
    let (mut running, mut waits, mut since, mut ns, mut most) = (0i64, 0i64, 0, 0, 0);
    for (moment, run, wait) in moments {
        if running >= limit as i64 && waits > 0 {
            ns += moment - since;
        }
        (running, waits, since) = (running + run, waits + wait, moment);
        most = most.max(running + waits);
    }
    (ns, most.max(0) as u64)
}

fn waiting(group: &Group, class: Class, names: (usize, &str, &'static str)) -> Option<Finding> {
    let (at, name, setting) = names;
    let setup = group.setup();
    let header = &group.newest().header;
    let limit = u64::from(header.limits(setup)[at]);
    let (mut ns, mut most) = (0, 0);
    for run in &group.runs {
        let (waited, at_once) = waited(run, class, limit);
        (ns, most) = (ns + waited, most.max(at_once));
    }
    let total = group.figures.duration_ns;
    let share = ns as f64 / total.max(1) as f64;
    let processors = u64::from(setup.processors);
    let to = match class {
        Class::Cpu => most.min(processors),
        _ => most.min(MOST_PLACES),
    };
    if share <= WAITING.limit || to <= limit {
        return None;
    }
    let chain = group.figures.critical_path_ns;
    let evidence = vec![
        Measured::share("of the time somebody waits", share),
        Measured::time("this time", ns),
        Measured::time("all runs", total),
        Measured::time("longest chains of steps", chain),
        Measured::count(format!("places of class {name}"), limit),
        Measured::count("tasks that ran or waited at once", most),
        Measured::count("processors", processors),
    ];
    let kinds = (Topic::WaitingSteps, Severity::Warning, Concern::Speed);
    let title = format!("steps wait for a place in class {name}");
    let is_own = header.workflow_limits[at].is_some();
    if is_own || class == Class::Memory {
        if chain as f64 > 0.8 * total as f64 {
            return None;
        }
        let remedy = match is_own {
            true => format!("raise `{name}` in the workflow's own `limits` from {limit} to {to}"),
            false => "give steps that need little memory another class; the limit is there so that two that need much do not meet".to_owned(),
        };
        return Some(Finding::new(
            group,
            kinds,
            WAITING_OWN,
            title,
            evidence,
            remedy,
        ));
    }
    let finding = Finding::new(group, kinds, WAITING, title, evidence, "");
    let finding = finding.with_changes(group, vec![Change::count(setting, limit, to)]);
    // Where the processors have no time to give, more places give none.
    let replayed = finding.replayed?;
    let limit = replayed.before.makespan_ns as f64 * WORTH_A_CHANGE;
    (replayed.after.makespan_ns as f64 <= limit).then_some(finding)
}

/// The longest chain of steps that need each other, each as long as its longest task, in its order; and its time.
fn chain(steps: &[Step]) -> (Vec<usize>, u64) {
    let mut ends: Vec<u64> = vec![0; steps.len()];
    let mut before: Vec<Option<usize>> = vec![None; steps.len()];
    for index in in_order(steps) {
        let needs = steps[index].needs.iter().map(|it| *it as usize);
        before[index] = needs.max_by_key(|it| ends[*it]);
        let longest = steps[index].tasks.iter().map(|it| it.ns).max();
        ends[index] = before[index]
            .map_or(0, |it| ends[it])
            .saturating_add(longest.unwrap_or(0));
    }
    let Some(last) = (0..steps.len()).max_by_key(|it| ends[*it]) else {
        return (Vec::new(), 0);
    };
    let mut chain: Vec<usize> = std::iter::successors(Some(last), |it| before[*it]).collect();
    chain.reverse();
    (chain, ends[last])
}

fn longest_chain(group: &Group) -> Option<Finding> {
    let (figures, processors) = (&group.figures, u64::from(group.setup().processors));
    let share = figures.critical_path_ns as f64 / figures.duration_ns.max(1) as f64;
    let busy: u64 = figures.classes.values().map(|it| it.busy_ns).sum();
    let at_once = busy as f64 / figures.duration_ns.max(1) as f64;
    if share <= CHAIN.limit || at_once * 2.0 >= processors as f64 {
        return None;
    }
    let slowest = group.runs.iter().max_by_key(|it| it.header.duration_ns)?;
    let (mut steps, ns) = chain(&slowest.steps);
    let longest = |it: &usize| {
        let tasks = slowest.steps[*it].tasks.iter();
        tasks.map(|task| task.ns).max().unwrap_or(0)
    };
    // One step alone has nobody to be put beside.
    if slowest
        .steps
        .iter()
        .filter(|it| !it.tasks.is_empty())
        .count()
        < 2
    {
        return None;
    }
    let length = steps.len() as u64;
    steps.sort_by_key(|it| std::cmp::Reverse(longest(it)));
    let first = slowest.steps[steps[0]].id.clone();
    let mut evidence = vec![
        Measured::share("longest chains in the time of the runs", share),
        Measured::new("tasks at once on average", at_once, Unit::Mean),
        Measured::count("processors", processors),
        Measured::time("the chain of the slowest run", ns),
        Measured::count("steps in it", length),
    ];
    let named = steps.iter().take(NAMED);
    let of = |it: &usize| Measured::time(format!("`{}`", slowest.steps[*it].id), longest(it));
    evidence.extend(named.map(of));
    let kinds = (Topic::LongestChain, Severity::Hint, Concern::Speed);
    let title = "steps that need each other take nearly all the time";
    let remedy = format!(
        "no setting helps: split step `{first}` (`foreach`), or take needs from the steps behind it that they do not have"
    );
    Some(Finding::new(group, kinds, CHAIN, title, evidence, remedy))
}

fn slow_consolidation(group: &Group) -> Option<Finding> {
    let mut worst: Option<(f64, u64, usize, u64, &Step)> = None;
    for run in &group.runs {
        for access in &run.accesses {
            let What::Consolidation { findings, .. } = access.what else {
                continue;
            };
            let step = &run.steps[access.step as usize];
            let each = access.ns as f64 / step.needs.len().max(1) as f64;
            if worst.is_none_or(|it| it.0 < each) {
                worst = Some((each, access.ns, step.needs.len(), findings, step));
            }
        }
    }
    let (each, ns, needs, findings, step) = worst.filter(|it| it.0 > CONSOLIDATION.limit)?;
    let evidence = vec![
        Measured::time("each step", each as u64),
        Measured::time("the document", ns),
        Measured::count("steps in it", needs as u64),
        Measured::count("findings in it", findings),
    ];
    let kinds = (Topic::SlowConsolidation, Severity::Warning, Concern::Speed);
    let title = format!("the document of step `{}` takes long", step.id);
    let remedy = "hand it fewer findings (`limit` of the searches), and leave out `similar` and `brief` if it has them";
    Some(Finding::new(
        group,
        kinds,
        CONSOLIDATION,
        title,
        evidence,
        remedy,
    ))
}
