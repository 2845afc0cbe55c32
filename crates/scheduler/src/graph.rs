//! The immutable graph: who waits for whom, in which class, at which priority.

/// A step of a graph: dense, in the order in which steps were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u32);

impl StepId {
    /// The id as an index into a vector with one entry a step.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A class of steps that share a limit: dense, in the order in which classes were added.
/// Class 0 always exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u8);

impl ClassId {
    /// The id as an index into a vector with one entry a class.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What a step asks of its dependencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Run when every dependency has succeeded, otherwise be skipped.
    #[default]
    AllSucceeded,
    /// Run when every dependency has ended, however it ended: for cleaning up and reporting.
    AllDone,
}

/// How one step is to be scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The class whose limit the tasks of this step share. Default: class 0.
    pub class: ClassId,
    /// Lower starts first. Default: [`Node::DEFAULT_PRIORITY`].
    pub priority: i32,
    /// What the step asks of its dependencies. Default: that all have succeeded.
    pub trigger: Trigger,
}

impl Node {
    /// The priority of a step that does not ask for another.
    pub const DEFAULT_PRIORITY: i32 = 5;
}

impl Default for Node {
    fn default() -> Self {
        Self {
            class: ClassId::default(),
            priority: Self::DEFAULT_PRIORITY,
            trigger: Trigger::default(),
        }
    }
}

/// An acyclic graph of steps, ready to be [run](crate::run) any number of times.
///
/// Adjacency is kept in compressed rows: 24 bytes a step and 4 bytes an edge.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    /// One limit a class.
    pub(crate) limits: Vec<usize>,
    /// The distinct pairs of class and priority, sorted.
    pub(crate) lanes: Vec<(ClassId, i32)>,
    /// Which of the lanes each step queues in.
    pub(crate) lane_of: Vec<u32>,
    pub(crate) dependency_counts: Vec<u32>,
    /// Row `s` of `targets` is `offsets[s]..offsets[s + 1]`.
    pub(crate) offsets: Vec<usize>,
    pub(crate) targets: Vec<StepId>,
}

impl Graph {
    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no step at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every step, in the order of ids.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = StepId> + use<> {
        // The builder refuses more steps than an id can number.
        (0..self.nodes.len() as u32).map(StepId)
    }

    /// How `step` is scheduled.
    ///
    /// # Panics
    ///
    /// If the step is of another, larger graph; so do all functions that take a step.
    #[must_use]
    pub fn node(&self, step: StepId) -> &Node {
        &self.nodes[step.index()]
    }

    /// The steps that wait for `step`, in the order of ids, each once.
    #[must_use]
    pub fn dependants(&self, step: StepId) -> &[StepId] {
        &self.targets[self.row(step)]
    }

    /// Where in `targets` the dependants of `step` are.
    pub(crate) fn row(&self, step: StepId) -> std::ops::Range<usize> {
        let index = step.index();
        self.offsets[index]..self.offsets[index + 1]
    }

    /// How many different steps `step` waits for.
    #[must_use]
    pub fn dependency_count(&self, step: StepId) -> usize {
        self.dependency_counts[step.index()] as usize
    }

    /// How many edges there are, repeated ones counted once.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// How many classes there are; at least one.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.limits.len()
    }

    /// How many tasks of `class` may run at once.
    #[must_use]
    pub fn limit(&self, class: ClassId) -> usize {
        self.limits[class.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GraphBuilder;

    #[test]
    fn a_graph_tells_what_it_was_built_of() {
        let mut builder = GraphBuilder::new(7);
        assert!(builder.clone().build().unwrap().is_empty());
        let class = builder.class(3);
        builder.step(Node {
            class,
            ..Node::default()
        });
        let graph = builder.build().unwrap();
        assert!(!graph.is_empty());
        assert_eq!((graph.len(), graph.class_count()), (1, 2));
        assert_eq!([ClassId(0), class].map(|it| graph.limit(it)), [7, 3]);
        assert_eq!(graph.node(StepId(0)).class, class);
    }

    #[test]
    fn a_step_takes_24_bytes_and_an_edge_4() {
        // The node, its lane, its dependency count, its offset.
        assert_eq!(size_of::<Node>() + 4 + 4 + size_of::<usize>(), 24);
        assert_eq!(size_of::<StepId>(), 4);
    }
}
