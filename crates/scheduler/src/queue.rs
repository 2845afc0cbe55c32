//! Which task starts next: one queue a class and priority, first in, first out.
//!
//! A step waits in at most one queue at a time, so the queues are linked lists through one
//! vector and never allocate. For every class a heap holds the lanes (see [`Graph`]) that are not
//! empty.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::graph::{ClassId, Graph, StepId};

/// Ends a list.
const NONE: u32 = u32::MAX;

/// The steps with something to start, and the places that are taken in each class.
#[derive(Debug)]
pub(crate) struct ReadyQueue {
    links: Vec<Link>,
    lanes: Vec<Lane>,
    classes: Vec<Class>,
    /// The turn that the next step to become ready will have.
    turn: u32,
    running: usize,
    running_peak: usize,
}

#[derive(Clone, Debug)]
struct Link {
    next: u32,
    /// Orders the steps of equal priority: the order of becoming ready.
    turn: u32,
}

#[derive(Clone, Debug)]
struct Lane {
    class: ClassId,
    priority: i32,
    head: u32,
    tail: u32,
}

#[derive(Debug)]
struct Class {
    limit: usize,
    running: usize,
    /// Exactly the lanes of this class that are not empty; the lowest first.
    lanes: BinaryHeap<Reverse<u32>>,
}

impl ReadyQueue {
    #[cfg(test)]
    pub(crate) const BYTES_A_STEP: usize = size_of::<Link>();

    pub(crate) fn new(graph: &Graph) -> Self {
        let lane = |&(class, priority): &(ClassId, i32)| Lane {
            class,
            priority,
            head: NONE,
            tail: NONE,
        };
        let class = |&limit: &usize| Class {
            limit,
            running: 0,
            lanes: BinaryHeap::new(),
        };
        Self {
            links: vec![
                Link {
                    next: NONE,
                    turn: 0
                };
                graph.len()
            ],
            lanes: graph.lanes.iter().map(lane).collect(),
            classes: graph.limits.iter().map(class).collect(),
            turn: 0,
            running: 0,
            running_peak: 0,
        }
    }

    pub(crate) fn running_peak(&self) -> usize {
        self.running_peak
    }

    /// Queues a step that has just become ready. O(1), and O(log lanes) if its lane was empty.
    pub(crate) fn push(&mut self, step: StepId, lane: u32) {
        self.links[step.index()].turn = self.turn;
        self.turn += 1;
        self.append(step, lane);
    }

    fn append(&mut self, step: StepId, lane: u32) {
        let tail = self.lanes[lane as usize].tail;
        self.links[step.index()].next = NONE;
        self.lanes[lane as usize].tail = step.0;
        if tail == NONE {
            self.open(step, lane);
        } else {
            self.links[tail as usize].next = step.0;
        }
    }

    /// Makes `step` the head of a lane that was empty.
    fn open(&mut self, step: StepId, lane: u32) {
        let entry = &mut self.lanes[lane as usize];
        entry.head = step.0;
        self.classes[entry.class.index()].lanes.push(Reverse(lane));
    }

    /// Queues a step again, at the turn it had. Only steps that were taken out later can stand
    /// before it, and those are at most as many as the limit of the class.
    pub(crate) fn reinsert(&mut self, step: StepId, lane: u32) {
        let turn = self.links[step.index()].turn;
        let mut before = NONE;
        let mut after = self.lanes[lane as usize].head;
        while after != NONE && self.links[after as usize].turn < turn {
            before = after;
            after = self.links[after as usize].next;
        }
        if after == NONE {
            return self.append(step, lane);
        }
        self.links[step.index()].next = after;
        match before {
            NONE => self.lanes[lane as usize].head = step.0,
            before => self.links[before as usize].next = step.0,
        }
    }

    /// Whether there is a step to start in a class that has a free place. O(classes).
    pub(crate) fn has_runnable(&self) -> bool {
        self.classes.iter().any(|class| class.best().is_some())
    }

    /// The step to start from next: of the classes with a free place, the lowest priority, and
    /// of equal ones the lowest turn. Takes a place in its class. O(classes).
    pub(crate) fn take_place(&mut self) -> Option<StepId> {
        let best = self.classes.iter().filter_map(Class::best);
        let lane = best.min_by_key(|&lane| {
            let lane = &self.lanes[lane as usize];
            (lane.priority, self.links[lane.head as usize].turn)
        })?;
        let lane = &self.lanes[lane as usize];
        self.classes[lane.class.index()].running += 1;
        self.running += 1;
        self.running_peak = self.running_peak.max(self.running);
        Some(StepId(lane.head))
    }

    /// Gives back a place in `class`.
    pub(crate) fn leave_place(&mut self, class: ClassId) {
        self.classes[class.index()].running -= 1;
        self.running -= 1;
    }

    /// Removes the step that [`take_place`](Self::take_place) has just returned.
    pub(crate) fn pop(&mut self, step: StepId, lane: u32) {
        let entry = &mut self.lanes[lane as usize];
        debug_assert_eq!(entry.head, step.0, "only the head of a lane is taken");
        entry.head = self.links[step.index()].next;
        if entry.head == NONE {
            entry.tail = NONE;
            let closed = self.classes[entry.class.index()].lanes.pop();
            debug_assert_eq!(closed, Some(Reverse(lane)), "the best lane is taken");
        }
    }

    /// Takes out all steps that `keep` refuses, lane by lane. O(steps in the queues).
    pub(crate) fn remove_unless(&mut self, keep: impl Fn(StepId) -> bool) -> Vec<StepId> {
        for class in &mut self.classes {
            class.lanes.clear();
        }
        let mut removed = Vec::new();
        for lane in 0..self.lanes.len() {
            let mut at = self.lanes[lane].head;
            (self.lanes[lane].head, self.lanes[lane].tail) = (NONE, NONE);
            while at != NONE {
                let next = self.links[at as usize].next;
                if keep(StepId(at)) {
                    self.append(StepId(at), lane as u32);
                } else {
                    removed.push(StepId(at));
                }
                at = next;
            }
        }
        removed
    }
}

impl Class {
    /// The best lane, if there is one and a place is free.
    fn best(&self) -> Option<u32> {
        let lane = self.lanes.peek()?;
        (self.running < self.limit).then_some(lane.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GraphBuilder, Node};

    /// A graph of one class with these priorities.
    fn queue(limit: usize, priorities: &[i32]) -> (Graph, ReadyQueue) {
        let mut builder = GraphBuilder::new(limit);
        for &priority in priorities {
            builder.step(Node {
                priority,
                ..Node::default()
            });
        }
        let graph = builder.build().unwrap();
        let queue = ReadyQueue::new(&graph);
        (graph, queue)
    }

    fn push(graph: &Graph, queue: &mut ReadyQueue, steps: &[u32]) {
        for &step in steps {
            queue.push(StepId(step), graph.lane_of[step as usize]);
        }
    }

    fn take(graph: &Graph, queue: &mut ReadyQueue) -> Option<u32> {
        let step = queue.take_place()?;
        queue.pop(step, graph.lane_of[step.index()]);
        Some(step.0)
    }

    fn take_all(graph: &Graph, queue: &mut ReadyQueue) -> Vec<u32> {
        std::iter::from_fn(|| take(graph, queue)).collect()
    }

    #[test]
    fn lower_priorities_first_and_equal_ones_in_turn() {
        let (graph, mut queue) = queue(9, &[5, 1, 5, 9, 1, 5]);
        push(&graph, &mut queue, &[5, 4, 3, 2, 1, 0]);
        assert_eq!(take_all(&graph, &mut queue), [4, 1, 5, 2, 0, 3]);
    }

    #[test]
    fn a_full_class_gives_nothing_until_a_place_is_left() {
        let (graph, mut queue) = queue(1, &[5, 5]);
        push(&graph, &mut queue, &[0, 1]);
        assert_eq!(take(&graph, &mut queue), Some(0));
        assert!(!queue.has_runnable());
        assert_eq!(take(&graph, &mut queue), None);
        queue.leave_place(ClassId(0));
        assert_eq!(take(&graph, &mut queue), Some(1));
        assert_eq!(queue.running_peak(), 1);
    }

    #[test]
    fn classes_share_one_order_as_far_as_they_have_places() {
        let mut builder = GraphBuilder::new(2);
        let other = builder.class(9);
        for (class, priority) in [(other, 5), (ClassId(0), 5), (other, 5), (ClassId(0), 1)] {
            builder.step(Node {
                class,
                priority,
                ..Node::default()
            });
        }
        builder.step(Node::default());
        let graph = builder.build().unwrap();
        let mut queue = ReadyQueue::new(&graph);
        push(&graph, &mut queue, &[2, 1, 4, 0, 3]);
        assert_eq!(take_all(&graph, &mut queue), [3, 2, 1, 0]);
        queue.leave_place(ClassId(0));
        assert_eq!(take_all(&graph, &mut queue), [4]);
    }

    #[test]
    fn what_comes_back_stands_where_it_stood() {
        let (graph, mut queue) = queue(9, &[5; 4]);
        push(&graph, &mut queue, &[2, 0, 3, 1]);
        assert_eq!(
            [take(&graph, &mut queue), take(&graph, &mut queue)],
            [Some(2), Some(0)]
        );
        queue.reinsert(StepId(2), 0);
        queue.reinsert(StepId(0), 0);
        assert_eq!(take_all(&graph, &mut queue), [2, 0, 3, 1]);
        queue.reinsert(StepId(3), 0);
        assert_eq!(take_all(&graph, &mut queue), [3]);
    }

    #[test]
    fn what_is_removed_leaves_the_rest_in_order() {
        let (graph, mut queue) = queue(9, &[5, 1, 5, 1, 5]);
        push(&graph, &mut queue, &[4, 3, 2, 1, 0]);
        let removed = queue.remove_unless(|step| step.0 % 2 == 0);
        assert_eq!(removed, [StepId(3), StepId(1)]);
        assert_eq!(take_all(&graph, &mut queue), [4, 2, 0]);
    }
}
