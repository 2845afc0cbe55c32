//! Collects steps and edges, and turns them into a graph without cycles.

use crate::error::Error;
use crate::graph::{ClassId, Graph, Node, StepId};

/// The most steps a graph can have: one id is kept to mean "none".
const STEPS_MAX: usize = u32::MAX as usize;
const CLASSES_MAX: usize = 1 << u8::BITS;

/// Collects the classes, steps and edges of a [`Graph`].
///
/// Nothing is checked before [`build`](Self::build), so edges may name steps that are added later.
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    limits: Vec<usize>,
    nodes: Vec<Node>,
    edges: Vec<(StepId, StepId)>,
}

impl GraphBuilder {
    /// An empty graph whose class 0 runs `default_limit` tasks at once.
    #[must_use]
    pub fn new(default_limit: usize) -> Self {
        Self {
            limits: vec![default_limit],
            nodes: Vec::new(),
            edges: Vec::new(),
        }
    }

    /// Adds a class that runs `limit` tasks at once.
    pub fn class(&mut self, limit: usize) -> ClassId {
        // An id that wraps is never used: `build` refuses that many classes.
        let id = ClassId(self.limits.len() as u8);
        self.limits.push(limit);
        id
    }

    /// Adds a step.
    pub fn step(&mut self, node: Node) -> StepId {
        // An id that wraps is never used: `build` refuses that many steps.
        let id = StepId(self.nodes.len() as u32);
        self.nodes.push(node);
        id
    }

    /// Makes `after` wait for `before`. Saying so twice is the same as saying so once.
    pub fn edge(&mut self, before: StepId, after: StepId) {
        self.edges.push((before, after));
    }

    /// Checks everything and lays the graph out: O(steps + edges × log edges).
    ///
    /// # Errors
    ///
    /// [`Error::ZeroLimit`], [`Error::UnknownClass`], [`Error::UnknownStep`], [`Error::Cycle`],
    /// and [`Error::TooManySteps`] or [`Error::TooManyClasses`] when the ids do not suffice.
    pub fn build(mut self) -> Result<Graph, Error> {
        self.check()?;
        self.edges.sort_unstable();
        self.edges.dedup();
        let (lanes, lane_of) = lanes(&self.nodes);
        self.nodes.shrink_to_fit();
        let graph = Graph {
            dependency_counts: dependency_counts(self.nodes.len(), &self.edges),
            offsets: offsets(self.nodes.len(), &self.edges),
            targets: self.edges.iter().map(|&(_, after)| after).collect(),
            limits: self.limits,
            nodes: self.nodes,
            lanes,
            lane_of,
        };
        match find_cycle(&graph) {
            Some(cycle) => Err(Error::Cycle(cycle)),
            None => Ok(graph),
        }
    }

    fn check(&self) -> Result<(), Error> {
        check_ids(self.nodes.len(), self.limits.len())?;
        if let Some(class) = self.limits.iter().position(|&limit| limit == 0) {
            return Err(Error::ZeroLimit(ClassId(class as u8)));
        }
        let mut classes = self.nodes.iter().map(|node| node.class);
        if let Some(class) = classes.find(|class| class.index() >= self.limits.len()) {
            return Err(Error::UnknownClass(class));
        }
        let mut ends = self.edges.iter().flat_map(|&(a, b)| [a, b]);
        match ends.find(|step| step.index() >= self.nodes.len()) {
            Some(step) => Err(Error::UnknownStep(step)),
            None => Ok(()),
        }
    }
}

/// Refuses what ids cannot number. It asks for counts only, so that a test need not make four billion steps.
fn check_ids(steps: usize, classes: usize) -> Result<(), Error> {
    if steps > STEPS_MAX {
        return Err(Error::TooManySteps(STEPS_MAX));
    }
    if classes > CLASSES_MAX {
        return Err(Error::TooManyClasses(CLASSES_MAX));
    }
    Ok(())
}

/// The distinct pairs of class and priority, sorted, and for each step the index of its pair.
fn lanes(nodes: &[Node]) -> (Vec<(ClassId, i32)>, Vec<u32>) {
    let key = |node: &Node| (node.class, node.priority);
    let mut lanes: Vec<_> = nodes.iter().map(key).collect();
    lanes.sort_unstable();
    lanes.dedup();
    // A graph is kept and its lanes are few; the list they were sorted in was as long as the steps.
    lanes.shrink_to_fit();
    let find = |node: &Node| {
        let found = lanes.binary_search(&key(node));
        found.expect("because the lanes were collected from these nodes") as u32
    };
    let lane_of = nodes.iter().map(find).collect();
    (lanes, lane_of)
}

fn dependency_counts(steps: usize, edges: &[(StepId, StepId)]) -> Vec<u32> {
    let mut counts = vec![0; steps];
    for &(_, after) in edges {
        counts[after.index()] += 1;
    }
    counts
}

/// Where each row of the sorted edges begins, and where the last ends.
fn offsets(steps: usize, edges: &[(StepId, StepId)]) -> Vec<usize> {
    let mut offsets = vec![0; steps + 1];
    for &(before, _) in edges {
        offsets[before.index() + 1] += 1;
    }
    for index in 0..steps {
        offsets[index + 1] += offsets[index];
    }
    offsets
}

/// Takes away what can be ordered (Kahn 1962); what remains holds a cycle, which is returned.
fn find_cycle(graph: &Graph) -> Option<Vec<StepId>> {
    let mut waiting = graph.dependency_counts.clone();
    let mut free: Vec<_> = graph
        .steps()
        .filter(|step| waiting[step.index()] == 0)
        .collect();
    let mut ordered = 0;
    while let Some(step) = free.pop() {
        ordered += 1;
        for &dependant in graph.dependants(step) {
            waiting[dependant.index()] -= 1;
            if waiting[dependant.index()] == 0 {
                free.push(dependant);
            }
        }
    }
    (ordered < graph.len()).then(|| walk_cycle(graph, &waiting))
}

/// Walks backwards through steps that still wait until one comes round again. This cannot end
/// earlier: each of them waits for another of them.
fn walk_cycle(graph: &Graph, waiting: &[u32]) -> Vec<StepId> {
    let stuck = |step: &StepId| waiting[step.index()] > 0;
    let mut waits_for = vec![None; graph.len()];
    for before in graph.steps().filter(stuck) {
        for after in graph.dependants(before) {
            waits_for[after.index()].get_or_insert(before);
        }
    }
    let mut at = graph.steps().find(stuck);
    let mut seen_at = vec![None; graph.len()];
    let mut path: Vec<StepId> = Vec::new();
    while let Some(step) = at {
        if let Some(start) = seen_at[step.index()] {
            return forwards(path.split_off(start));
        }
        seen_at[step.index()] = Some(path.len());
        path.push(step);
        at = waits_for[step.index()];
    }
    unreachable!("because every step that still waits, waits for one that still waits")
}

/// Turns a cycle found backwards round, and begins it with its lowest id.
fn forwards(mut cycle: Vec<StepId>) -> Vec<StepId> {
    cycle.reverse();
    let lowest = (0..cycle.len()).min_by_key(|&index| cycle[index]);
    cycle.rotate_left(lowest.unwrap_or(0));
    cycle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(steps: u32, edges: &[(u32, u32)]) -> Result<Graph, Error> {
        let mut builder = GraphBuilder::new(1);
        for _ in 0..steps {
            builder.step(Node::default());
        }
        for &(before, after) in edges {
            builder.edge(StepId(before), StepId(after));
        }
        builder.build()
    }

    fn check_cycle(steps: u32, edges: &[(u32, u32)], expect: &[u32]) {
        let expect = expect.iter().copied().map(StepId).collect();
        assert_eq!(build(steps, edges).unwrap_err(), Error::Cycle(expect));
    }

    #[test]
    fn rows_are_sorted_and_repeated_edges_count_once() {
        let graph = build(4, &[(0, 3), (0, 1), (1, 3), (0, 1)]).unwrap();
        assert_eq!(graph.dependants(StepId(0)), [StepId(1), StepId(3)]);
        assert_eq!(graph.dependants(StepId(3)), []);
        assert_eq!(graph.dependency_count(StepId(1)), 1);
        assert_eq!(graph.dependency_count(StepId(3)), 2);
        assert_eq!(graph.edge_count(), 3);
    }

    #[test]
    fn a_step_that_waits_for_itself_is_a_cycle() {
        check_cycle(2, &[(1, 1)], &[1]);
    }

    #[test]
    fn only_the_cycle_is_named_not_what_hangs_on_it() {
        check_cycle(
            6,
            &[(0, 4), (4, 2), (2, 3), (3, 4), (3, 5), (1, 5)],
            &[2, 3, 4],
        );
    }

    #[test]
    fn a_cycle_of_100_000_steps_is_found_without_recursion() {
        let edges: Vec<_> = (0..100_000).map(|i| (i, (i + 1) % 100_000)).collect();
        let expect: Vec<_> = (0..100_000).collect();
        check_cycle(100_000, &edges, &expect);
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        assert_eq!(
            build(2, &[(0, 2)]).unwrap_err(),
            Error::UnknownStep(StepId(2))
        );
        let mut builder = GraphBuilder::new(1);
        builder.step(Node {
            class: ClassId(1),
            ..Node::default()
        });
        assert_eq!(
            builder.build().unwrap_err(),
            Error::UnknownClass(ClassId(1))
        );
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let mut builder = GraphBuilder::new(1);
        let class = builder.class(0);
        assert_eq!(builder.build().unwrap_err(), Error::ZeroLimit(class));
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_last_id_of_a_step_is_kept_to_mean_none() {
        let most = u32::MAX as usize;
        assert_eq!(check_ids(most, 1), Ok(()));
        for steps in [most + 1, usize::MAX] {
            assert_eq!(check_ids(steps, 1), Err(Error::TooManySteps(most)));
        }
    }

    #[test]
    fn the_256th_class_is_the_last() {
        let mut builder = GraphBuilder::new(1);
        for _ in 1..256 {
            builder.class(1);
        }
        assert_eq!(builder.clone().build().unwrap().class_count(), 256);
        builder.class(1);
        assert_eq!(builder.build().unwrap_err(), Error::TooManyClasses(256));
    }
}
