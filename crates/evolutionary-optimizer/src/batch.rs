//! One generation while it is evaluated: its rows, and their trials with what was told of each.

use crate::engine::Points;

/// What has become of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// Nobody has been given it.
    Waiting,
    /// Somebody evaluates it.
    Issued,
    /// Its costs are known.
    Told,
    /// It repeats an earlier row of the generation, and gets its costs in the end.
    Follows(usize),
}

/// Rows to evaluate, each in as many trials as `repeats` says. Trials are numbered row by row.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) points: Points,
    repeats: usize,
    status: Vec<Status>,
    /// Costs of each trial, `objectives` of them, and its violation.
    costs: Vec<f64>,
    violations: Vec<f64>,
    /// Ids of issued trials, in ascending order.
    issued: Vec<(u64, usize)>,
    /// The first trial that may be waiting.
    cursor: usize,
    /// The number of trials that are waiting or issued.
    open: usize,
    /// Whether rows were dropped because the budget ends here: those that are left may be issued, whatever it says.
    is_cut: bool,
}

/// Where an id leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A trial that waits for its costs.
    Open(usize),
    /// A trial whose costs are known.
    Told,
    /// No trial of this generation.
    Nothing,
}

impl Batch {
    pub(crate) fn new(dimensions: usize, objectives: usize, constraints: usize) -> Self {
        Self {
            points: Points::new(dimensions, objectives, 0).with_constraints(constraints),
            repeats: 1,
            status: Vec::new(),
            costs: Vec::new(),
            violations: Vec::new(),
            issued: Vec::new(),
            cursor: 0,
            open: 0,
            is_cut: false,
        }
    }

    /// Forgets all rows; new ones are appended to `points`, and then `open` is called.
    pub(crate) fn clear(&mut self) {
        self.points.clear();
        self.status.clear();
        self.costs.clear();
        self.violations.clear();
        self.issued.clear();
        self.cursor = 0;
        self.open = 0;
        self.is_cut = false;
    }

    /// Makes the trials of the rows that `points` has now.
    pub(crate) fn open(&mut self, repeats: usize) {
        self.repeats = repeats;
        let trials = self.points.len() * repeats;
        self.status.resize(trials, Status::Waiting);
        self.costs
            .resize(trials * self.points.objectives(), f64::INFINITY);
        self.violations.resize(trials, f64::INFINITY);
        self.open = trials;
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.open == 0
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(crate) fn repeats(&self) -> usize {
        self.repeats
    }

    /// The row of a trial.
    pub(crate) fn row_of(&self, trial: usize) -> usize {
        trial / self.repeats
    }

    /// Gives out the next waiting trial under an id that is greater than all before.
    pub(crate) fn issue(&mut self, id: u64) -> Option<usize> {
        while let Some(status) = self.status.get_mut(self.cursor) {
            let trial = self.cursor;
            self.cursor += 1;
            if *status == Status::Waiting {
                *status = Status::Issued;
                self.issued.push((id, trial));
                return Some(trial);
            }
        }
        None
    }

    /// Makes issued trials wait again, under no id. Returns how many they were.
    pub(crate) fn recall(&mut self) -> u64 {
        let mut recalled = 0;
        for status in &mut self.status {
            if *status == Status::Issued {
                *status = Status::Waiting;
                recalled += 1;
            }
        }
        self.issued
            .retain(|&(_, trial)| self.status[trial] != Status::Waiting);
        self.cursor = 0;
        recalled
    }

    /// Ids of trials that are issued and not told, and their rows.
    pub(crate) fn issued(&self) -> impl Iterator<Item = (u64, usize)> {
        let open = |&&(_, trial): &&(u64, usize)| self.status[trial] == Status::Issued;
        let issued = self.issued.iter().filter(open);
        issued.map(|&(id, trial)| (id, self.row_of(trial)))
    }

    pub(crate) fn find(&self, id: u64) -> Found {
        match self.issued.binary_search_by_key(&id, |&(id, _)| id) {
            Ok(index) if self.status[self.issued[index].1] == Status::Issued => {
                Found::Open(self.issued[index].1)
            }
            Ok(_) => Found::Told,
            Err(_) => Found::Nothing,
        }
    }

    /// Says what a trial costs.
    pub(crate) fn settle(&mut self, trial: usize, costs: &[f64], violation: f64) {
        let objectives = self.points.objectives();
        self.costs[trial * objectives..][..objectives].copy_from_slice(costs);
        self.violations[trial] = violation;
        self.status[trial] = Status::Told;
        self.open -= 1;
        if self.repeats == 1 {
            self.points.set(trial, costs, violation);
        }
    }

    /// Says what each constraint of a trial gave.
    pub(crate) fn constrain(&mut self, trial: usize, values: &[f64]) {
        if self.repeats == 1 {
            self.points.set_constraints(trial, values);
        }
    }

    /// Says that a row need not be evaluated, because these are its costs. Only where rows have one trial.
    pub(crate) fn know(&mut self, row: usize, costs: &[f64], violation: f64) {
        self.settle(row, costs, violation);
    }

    /// Says that a row equals an earlier one. Only where rows have one trial.
    pub(crate) fn follow(&mut self, row: usize, earlier: usize) {
        self.status[row] = Status::Follows(earlier);
        self.open -= 1;
    }

    /// Whether the costs of a row with one trial are known.
    pub(crate) fn is_told(&self, row: usize) -> bool {
        self.status[row] == Status::Told
    }

    /// Drops the first trial that was not issued, and all after it: there is no budget left. Those after it that are told
    /// were known before.
    pub(crate) fn cut(&mut self) {
        self.is_cut = true;
        let is_waiting = |status: &Status| *status == Status::Waiting;
        let first = self.status.iter().position(is_waiting);
        let trials = first.unwrap_or(self.status.len());
        self.status.truncate(trials);
        self.costs.truncate(trials * self.points.objectives());
        self.violations.truncate(trials);
        self.points.truncate(trials.div_ceil(self.repeats));
        let is_open = |status: &&Status| matches!(status, Status::Waiting | Status::Issued);
        self.open = self.status.iter().filter(is_open).count();
    }

    /// Gives rows that follow others their costs, and rows of several trials the means over those that did not fail.
    pub(crate) fn finish(&mut self) {
        debug_assert!(self.is_complete(), "all trials are told");
        if self.repeats > 1 {
            for row in 0..self.points.len() {
                self.average(row);
            }
            return;
        }
        for row in 0..self.points.len() {
            if let Status::Follows(earlier) = self.status[row] {
                self.points.copy_costs(row, earlier);
            }
        }
    }

    /// Adds up in the order of trials, whatever the order in which they were told.
    fn average(&mut self, row: usize) {
        let objectives = self.points.objectives();
        let first = row * self.repeats;
        let last = (first + self.repeats).min(self.status.len());
        let mut succeeded = 0.0;
        let mut violation = 0.0;
        let costs = self.points.costs_mut(row);
        costs.fill(0.0);
        for trial in first..last {
            let of_trial = &self.costs[trial * objectives..][..objectives];
            if of_trial.iter().all(|cost| cost.is_finite()) {
                succeeded += 1.0;
                violation += self.violations[trial];
                for (sum, cost) in costs.iter_mut().zip(of_trial) {
                    *sum += cost;
                }
            }
        }
        let violation = if succeeded == 0.0 {
            costs.fill(f64::INFINITY);
            self.violations[first]
        } else {
            costs.iter_mut().for_each(|sum| *sum /= succeeded);
            violation / succeeded
        };
        self.points.set_violation(row, violation);
    }
}
