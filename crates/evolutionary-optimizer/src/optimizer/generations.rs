//! Generations: begun, completed, and the end that they may bring.

use super::{DRAWS, FEWEST, MEANS_OF, NEIGHBOURS, Optimizer, PATIENCE, Phase};
use crate::operators::mutate;
use crate::options::Noise;
use crate::record::{LEADERS, Leaders};
use crate::report::{Generation, Stop};

impl Optimizer {
    /// Opens the next generation that has something to evaluate, or ends the search.
    pub(super) fn begin(&mut self) {
        let (mut passed, mut rows) = (0, 0);
        loop {
            self.batch.clear();
            // Generations of few rows are known often, in the end of a climb.
            self.is_foreign = passed >= PATIENCE && rows >= PATIENCE * NEIGHBOURS;
            if !self.is_foreign {
                self.engine.ask(&mut self.batch.points);
            } else if !self.draw_unknown() {
                self.stop = Some(Stop::Exhausted);
                return;
            }
            self.batch.open(self.options.noise.repeats());
            let Some(memo) = &mut self.memo else { return };
            if memo.is_exhausted() {
                self.stop = Some(Stop::Exhausted);
                return;
            }
            memo.look_up(&mut self.batch);
            if !self.batch.is_complete() {
                return;
            }
            self.batch.finish();
            self.engine.tell(&self.batch.points);
            passed += 1;
            rows += self.batch.points.len().max(1);
        }
    }

    /// Makes a batch of rows that are not known, mutations of the best where there are such; the engine gets them as
    /// migrants. False if none was found.
    fn draw_unknown(&mut self) -> bool {
        let mut genes = vec![0.0; self.space.len()];
        for draw in 0..DRAWS {
            self.draw(draw, &mut genes);
            let memo = self
                .memo
                .as_mut()
                .expect("because only known rows are passed over");
            let rows = &self.batch.points;
            if !memo.knows(&genes) && (0..rows.len()).all(|row| rows.row(row) != genes) {
                self.batch.points.push(&genes);
            }
            if self.batch.points.len() == NEIGHBOURS {
                break;
            }
        }
        !self.batch.points.is_empty()
    }

    /// A mutation of the best: of more genes, the later the draw, and the last ones anywhere.
    fn draw(&mut self, draw: u32, genes: &mut [f64]) {
        let axes = self.space.axes();
        let share = f64::from(draw) / f64::from(DRAWS);
        if self.leaders.points.is_empty() || share > 0.5 {
            let drawn = axes.iter().map(|axis| axis.sample(&mut self.stray_rng));
            genes
                .iter_mut()
                .zip(drawn)
                .for_each(|(gene, drawn)| *gene = drawn);
            return;
        }
        genes.copy_from_slice(self.leaders.points.row(0));
        let rate = (1.5 / axes.len() as f64).max(share).min(1.0);
        mutate(axes, genes, rate, &mut self.stray_rng);
    }

    /// All trials of the generation are told.
    pub(super) fn complete(&mut self) {
        self.batch.finish();
        if self.phase == Phase::Again {
            self.leaders.clear();
            self.arrivals.clear();
            self.keep_record();
            self.last = Some(self.describe());
            self.stop = Some(Stop::Evaluations);
            return;
        }
        self.gather_strays();
        self.keep_record();
        if let Some(memo) = &mut self.memo {
            memo.remember(&self.batch.points);
        }
        if self.is_foreign {
            self.engine.immigrate(&self.batch.points);
        } else {
            self.engine.tell(&self.batch.points);
        }
        if !self.arrivals.is_empty() {
            self.engine.immigrate(&self.arrivals);
        }
        self.last = Some(self.describe());
        self.stop = self.stop.or_else(|| self.reason());
        if self.stop.is_none() && (self.spent >= self.limit() || self.batch.is_cut()) {
            self.begin_again();
        }
    }

    /// Moves the strays that were told to the arrivals, in the order of their ids.
    fn gather_strays(&mut self) {
        self.arrivals.clear();
        for stray in &self.strays {
            if let Some((costs, violation)) = &stray.told {
                self.arrivals.push(&stray.genes);
                let row = self.arrivals.len() - 1;
                self.arrivals.set(row, costs, *violation);
            }
        }
        self.strays.retain(|stray| stray.told.is_none());
    }

    /// Takes the rows of the generation into the fingerprint, the leaders, the front and the history.
    fn keep_record(&mut self) {
        let is_late = self.batch.repeats() > 1 || self.phase == Phase::Again;
        for points in [&self.batch.points, &self.arrivals] {
            for row in 0..points.len() {
                self.fingerprint.numbers(points.row(row));
                self.fingerprint.numbers(points.costs(row));
                self.fingerprint.word(points.violation(row).to_bits());
            }
            if let Some(archive) = &mut self.archive {
                archive.insert(points);
            }
        }
        if is_late {
            // Rows of several trials are known only now. Their numbers grow with the evaluations.
            let first = self.told - self.batch.points.len() as u64;
            for row in 0..self.batch.points.len() {
                self.leaders
                    .offer(&self.batch.points, row, first + row as u64);
            }
        }
        let (violation, cost) = self.leaders.best();
        self.history.push(cost);
        self.violations.push(violation);
        if self.options.stagnation.is_some() {
            self.told_then.push(self.told);
        }
    }

    fn describe(&self) -> Generation {
        let goal = self.options.goals[0];
        let points = &self.batch.points;
        let finite = (0..points.len())
            .map(|row| points.cost(row))
            .filter(|cost| cost.is_finite());
        let (sum, count) = finite.fold((0.0, 0_u32), |(sum, count), cost| (sum + cost, count + 1));
        Generation {
            number: self.generations().saturating_sub(1),
            best: goal.value(self.leaders.best().1),
            mean: (count > 0).then(|| goal.value(sum / f64::from(count))),
            diversity: self.engine.diversity(),
            immigrants: self.engine.immigrants(),
            evaluations: self.told,
        }
    }

    /// Ends a search between generations for a reason that is new.
    pub(crate) fn end_if_due(&mut self) {
        if self.batch.is_complete() && !self.history.is_empty() {
            self.stop = self.stop.or_else(|| self.reason());
        }
    }

    /// Why the search should end after this generation.
    fn reason(&self) -> Option<Stop> {
        let (violation, cost) = self.leaders.best();
        if violation == 0.0 && self.options.reaches_target(cost) {
            Some(Stop::Target)
        } else if Some(self.spent) == self.options.evaluations {
            Some(Stop::Evaluations)
        } else if self
            .options
            .generations
            .is_some_and(|most| self.generations() > most)
        {
            Some(Stop::Generations)
        } else if self.stagnates() {
            Some(Stop::Stagnation)
        } else {
            None
        }
    }

    fn stagnates(&self) -> bool {
        let Some(stagnation) = self.options.stagnation else {
            return false;
        };
        let window = stagnation.generations as usize;
        if self.history.len() <= window {
            return false;
        }
        let rows = self.told.saturating_sub(FEWEST * window as u64);
        let before = self.told_then.partition_point(|&told| told <= rows);
        let Some(first) = before.checked_sub(1) else {
            return false;
        };
        let first = first.min(self.history.len() - 1 - window);
        if self.violations[first] > self.leaders.best().0 {
            // It comes nearer to what is allowed, which may cost.
            return false;
        }
        let before = self.history[first];
        let now = self.history[self.history.len() - 1];
        // Equal first: two infinite costs have no difference.
        before == now || before - now <= stagnation.tolerance
    }

    /// Opens the last generation of a noisy search: the best ever seen, and the best of the last generation, which owe
    /// less to luck. All get an equal share of what was kept, the last one
    /// what is left.
    fn begin_again(&mut self) {
        let mut last = Leaders::new(self.space.len(), 1, LEADERS / 2);
        for row in 0..self.batch.points.len() {
            last.offer(&self.batch.points, row, row as u64);
        }
        let best = self.leaders.points.len().min(LEADERS / 2);
        self.batch.clear();
        for (points, count) in [
            (&self.leaders.points, best),
            (&last.points, last.points.len()),
        ] {
            for row in 0..count {
                let rows = &self.batch.points;
                if (0..rows.len()).all(|known| rows.row(known) != points.row(row)) {
                    self.batch.points.push(points.row(row));
                }
            }
        }
        self.phase = Phase::Again;
        let left = self.limit().saturating_sub(self.spent);
        if left == 0 || self.options.noise != Noise::Present {
            // Recalled strays may leave a little that no generation was begun for.
            self.stop = Some(Stop::Evaluations);
            return;
        }
        // A few evaluations tell few candidates apart.
        let rows = (self.batch.points.len() as u64)
            .min(left.div_ceil(MEANS_OF))
            .max(1);
        self.batch.points.truncate(rows as usize);
        let repeats = left.div_ceil(rows);
        self.batch.open(repeats as usize);
    }
}
