//! Several engines that exchange members, behind the trait of one.

use crate::algorithm::Algorithm;
use crate::engine::{self, Engine, Points, Problem};
use crate::error::Error;
use crate::options::{Emigrants, Goal, Islands, Topology, share_of};
use crate::report::IslandReport;
use crate::rng::Rng;

/// The islands, all at the same generation unless their budget is spent.
pub(crate) struct Archipelago {
    options: Islands,
    islands: Vec<Island>,
    /// What draws neighbours and emigrants.
    rng: Rng,
    generation: u32,
}

/// One engine with its share of the budget.
struct Island {
    engine: Box<dyn Engine>,
    batch: Points,
    /// The evaluations that it may still ask.
    left: u64,
    /// What it sent at the end of the last interval.
    sent: Points,
    arrivals: Points,
    best: f64,
    report: IslandReport,
}

impl Archipelago {
    pub(crate) fn new(
        algorithm: &Algorithm,
        options: &Islands,
        problem: &Problem,
        mut rng: Rng,
    ) -> Result<Self, Error> {
        let own = rng.fork();
        let algorithms = match options.algorithms.as_slice() {
            [] => std::slice::from_ref(algorithm),
            several => several,
        };
        let island = |index: usize| {
            let algorithm = &algorithms[index % algorithms.len()];
            let left = share(problem.budget, index, options.count);
            let points = || {
                Points::new(problem.axes.len(), problem.objectives, 0)
                    .with_constraints(problem.constraints)
            };
            let problem = Problem {
                budget: problem.budget.map(|_| left),
                // Only the first island starts from what the user knows: the others look elsewhere.
                initial: match index {
                    0 => problem.initial.clone(),
                    _ => Vec::new(),
                },
                ..problem.clone()
            };
            let algorithm = algorithm.clone().with_population(options.population);
            Ok(Island {
                engine: engine::build(&algorithm, &problem, rng.fork())?,
                batch: points(),
                left,
                sent: points(),
                arrivals: points(),
                best: f64::INFINITY,
                report: IslandReport::default(),
            })
        };
        Ok(Self {
            islands: (0..options.count)
                .map(island)
                .collect::<Result<_, Error>>()?,
            options: options.clone(),
            rng: own,
            generation: 0,
        })
    }

    /// Delivers what was sent at the end of the last interval, and chooses what is sent at the end of this one.
    fn migrate(&mut self) {
        let count = self.islands.len();
        for destination in 0..count {
            let sources = neighbours(self.options.topology, destination, count, &mut self.rng);
            self.deliver(destination, &sources);
        }
        for island in &mut self.islands {
            island.choose(&self.options, &mut self.rng);
        }
    }

    /// The best of each source come first, then the second best, until half of the island is replaced. An island that has
    /// spent its budget takes none, because it will not breed again.
    fn deliver(&mut self, destination: usize, sources: &[usize]) {
        let island = &mut self.islands[destination];
        let residents = island.engine.members().map_or(0, Points::len);
        let room = if island.left > 0 { residents / 2 } else { 0 };
        let mut arrivals = std::mem::take(&mut island.arrivals);
        arrivals.clear();
        let most = sources
            .iter()
            .map(|&source| self.islands[source].sent.len())
            .max();
        let ranks = 0..most.unwrap_or(0);
        for (rank, &source) in ranks.flat_map(|rank| sources.iter().map(move |it| (rank, it))) {
            let source = &mut self.islands[source];
            if rank < source.sent.len() && arrivals.len() < room {
                arrivals.push_from(&source.sent, rank);
                source.report.migrants_out += 1;
            }
        }
        let island = &mut self.islands[destination];
        if !arrivals.is_empty() {
            island.engine.immigrate_by(&arrivals, self.options.replace);
            island.report.migrants_in += arrivals.len() as u64;
        }
        island.arrivals = arrivals;
    }
}

impl Island {
    fn choose(&mut self, options: &Islands, rng: &mut Rng) {
        self.sent.clear();
        let Some(members) = self.engine.members() else {
            return;
        };
        let count = share_of(members.len(), options.rate);
        if options.emigrants == Emigrants::Random {
            for _ in 0..count {
                self.sent
                    .push_from(members, rng.below(members.len() as u64) as usize);
            }
            return;
        }
        let mut order: Vec<usize> = (0..members.len()).collect();
        if members.objectives() == 1 {
            order.sort_by(|&a, &b| {
                let violations = members.violation(a).total_cmp(&members.violation(b));
                violations.then(members.cost(a).total_cmp(&members.cost(b)))
            });
        } else {
            order.retain(|&row| (0..members.len()).all(|other| !members.dominates(other, row)));
            for last in (1..order.len()).rev() {
                order.swap(last, rng.below(last as u64 + 1) as usize);
            }
        }
        for &row in order.iter().take(count) {
            self.sent.push_from(members, row);
        }
    }
}

/// The evaluations of island `index`: an even share, the first islands taking the rest.
fn share(budget: Option<u64>, index: usize, count: usize) -> u64 {
    let count = count as u64;
    budget.map_or(u64::MAX, |limit| {
        limit / count + u64::from((index as u64) < limit % count)
    })
}

impl Engine for Archipelago {
    fn ask(&mut self, batch: &mut Points) {
        for island in &mut self.islands {
            island.batch.clear();
            if island.left == 0 {
                continue;
            }
            island.engine.ask(&mut island.batch);
            let rows = usize::try_from(island.left)
                .unwrap_or(usize::MAX)
                .min(island.batch.len());
            island.batch.truncate(rows);
            island.left -= rows as u64;
            for row in 0..rows {
                batch.push(island.batch.row(row));
            }
        }
        if batch.is_empty() {
            // Rows that were known elsewhere cost nothing, and the shares may be spent before the budget is.
            let island = &mut self.islands[0];
            island.engine.ask(&mut island.batch);
            for row in 0..island.batch.len() {
                batch.push(island.batch.row(row));
            }
        }
    }

    fn tell(&mut self, batch: &Points) {
        let mut first = 0;
        for island in &mut self.islands {
            let rows = island.batch.len().min(batch.len() - first);
            if rows == 0 {
                continue;
            }
            island.batch.truncate(rows);
            for row in 0..rows {
                let told = first + row;
                island
                    .batch
                    .set(row, batch.costs(told), batch.violation(told));
                island.batch.set_constraints(row, batch.constraints(told));
                if batch.violation(told) == 0.0 {
                    island.best = island.best.min(batch.cost(told));
                }
            }
            island.engine.tell(&island.batch);
            island.report.generations += 1;
            island.report.evaluations += rows as u64;
            first += rows;
        }
        self.generation += 1;
        if self.generation.is_multiple_of(self.options.interval) {
            self.migrate();
        }
    }

    fn immigrate(&mut self, arrivals: &Points) {
        self.islands[0].engine.immigrate(arrivals);
    }

    fn members(&self) -> Option<&Points> {
        self.islands[0].engine.members()
    }

    fn diversity(&self) -> Option<f64> {
        let known = self.islands.iter().map(|island| island.engine.diversity());
        let known: Option<Vec<f64>> = known.collect();
        known.map(|known| known.iter().sum::<f64>() / known.len() as f64)
    }

    fn immigrants(&self) -> usize {
        self.islands
            .iter()
            .map(|island| island.engine.immigrants())
            .sum()
    }

    fn islands(&self, goal: Goal) -> Vec<IslandReport> {
        let report = |island: &Island| IslandReport {
            generations: island.report.generations.saturating_sub(1),
            best: goal.value(island.best),
            ..island.report.clone()
        };
        self.islands.iter().map(report).collect()
    }
}

/// The islands that send to `destination`, in order.
fn neighbours(topology: Topology, destination: usize, count: usize, rng: &mut Rng) -> Vec<usize> {
    let others = (0..count).filter(|&source| source != destination);
    match topology {
        _ if count == 1 => Vec::new(),
        Topology::Ring => vec![(destination + count - 1) % count],
        Topology::Full => others.collect(),
        Topology::Star => others
            .filter(|&source| source == 0 || destination == 0)
            .collect(),
        Topology::Random => {
            let skipped = rng.below(count as u64 - 1) as usize;
            vec![if skipped < destination {
                skipped
            } else {
                skipped + 1
            }]
        }
        Topology::None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn islands_share_the_whole_budget() {
        assert_eq!(
            [0, 1, 2, 3].map(|index| share(Some(10), index, 4)),
            [3, 3, 2, 2]
        );
    }

    #[test]
    fn topologies_connect_as_documented() {
        let all = |topology, count| -> Vec<Vec<usize>> {
            let mut rng = Rng::new(1);
            (0..count)
                .map(|destination| neighbours(topology, destination, count, &mut rng))
                .collect()
        };
        assert_eq!(all(Topology::Ring, 4), [[3], [0], [1], [2]]);
        assert_eq!(all(Topology::Full, 3), [[1, 2], [0, 2], [0, 1]]);
        assert_eq!(
            all(Topology::Star, 4),
            [vec![1, 2, 3], vec![0], vec![0], vec![0]]
        );
        assert_eq!(all(Topology::None, 2), [[0; 0]; 2]);
        for (destination, sources) in all(Topology::Random, 50).iter().enumerate() {
            assert!(sources.len() == 1 && sources[0] != destination && sources[0] < 50);
        }
        for topology in [
            Topology::Ring,
            Topology::Full,
            Topology::Star,
            Topology::Random,
        ] {
            assert!(
                all(topology, 1)[0].is_empty(),
                "an island alone has no neighbour"
            );
        }
    }
}
