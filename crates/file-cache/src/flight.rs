//! One load per path, however many threads ask for it.

use crate::{Error, ErrorKind, File};
use dashmap::{DashMap, Entry};
use quick_cache::DefaultHashBuilder;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The bytes of a path.
pub(crate) type Key = Arc<[u8]>;

/// A path, and who opens it: what one opener may open another may not. The opener's identity, 0 where it is the
/// system.
pub(crate) type Route = (Key, usize);

/// What the followers of a flight receive.
pub(crate) type Outcome = Result<File, Error>;

/// The loads that are under way, by path. A flight is made only when a second thread joins, so that a load that
/// nobody shares costs two visits of the map and no allocation.
#[derive(Default)]
pub(crate) struct Flights {
    by_path: DashMap<Route, Option<Arc<Flight>>, DefaultHashBuilder>,
}

/// A shared load. Threads may join it until its leader closes it; each then waits for the outcome.
#[derive(Default)]
pub(crate) struct Flight {
    outcome: Mutex<Option<Outcome>>,
    landed: Condvar,
}

/// What a thread becomes when it asks for a path.
pub(crate) enum Role<'a> {
    Leader(Leader<'a>),
    Follower(Arc<Flight>),
}

/// The thread that loads. Dropped before it has landed (a panic), it wakes its followers with an error.
#[must_use]
pub(crate) struct Leader<'a> {
    flights: &'a Flights,
    route: Route,
    path: &'a Path,
    open: bool,
    /// After closing: the flight, if anybody is on it.
    flight: Option<Arc<Flight>>,
}

impl Flights {
    pub(crate) fn join<'a>(&'a self, route: &Route, path: &'a Path) -> Role<'a> {
        match self.by_path.entry(route.clone()) {
            Entry::Occupied(mut entry) => {
                Role::Follower(entry.get_mut().get_or_insert_default().clone())
            }
            Entry::Vacant(vacant) => {
                vacant.insert(None);
                Role::Leader(Leader {
                    flights: self,
                    route: route.clone(),
                    path,
                    open: true,
                    flight: None,
                })
            }
        }
    }
}

impl Leader<'_> {
    /// Lets nobody join from now on; says whether anybody has.
    pub(crate) fn close(&mut self) -> bool {
        if self.open {
            self.open = false;
            self.flight = self
                .flights
                .by_path
                .remove(&self.route)
                .and_then(|(_, flight)| flight);
        }
        self.flight.is_some()
    }

    /// Closes the flight and hands the outcome to all who joined it.
    pub(crate) fn land(mut self, outcome: Outcome) {
        self.close();
        if let Some(flight) = self.flight.take() {
            flight.land(outcome);
        }
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if self.close()
            && let Some(flight) = self.flight.take()
        {
            let lost = std::io::Error::other("the thread that was reading it panicked");
            flight.land(Err(Error::io(self.path, lost)));
        }
    }
}

impl Flight {
    fn land(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.landed.notify_all();
    }

    /// Waits for the leader.
    pub(crate) fn wait(&self) -> Outcome {
        let guard = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let landed = self.landed.wait_while(guard, |outcome| outcome.is_none());
        let outcome = landed.unwrap_or_else(PoisonError::into_inner).clone();
        outcome.expect("because the wait ends only when there is an outcome")
    }
}

/// Whether an outcome is the leader's alone: he has a limit of his own, and may have been cancelled.
pub(crate) fn is_the_leaders(outcome: &Outcome) -> bool {
    matches!(outcome, Err(error) if matches!(error.kind(), ErrorKind::TooLarge { .. } | ErrorKind::Cancelled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_that_panics_wakes_its_followers_with_an_error() {
        let flights = Flights::default();
        let route: Route = (Arc::from(&b"a"[..]), 0);
        let path = Path::new("a");
        let Role::Leader(leader) = flights.join(&route, path) else {
            panic!("nobody was there before")
        };
        let Role::Follower(flight) = flights.join(&route, path) else {
            panic!("somebody leads")
        };
        std::thread::scope(|scope| {
            let follower = scope.spawn(|| flight.wait());
            let crash = scope.spawn(move || {
                let _leader = leader;
                panic!("on purpose");
            });
            assert!(crash.join().is_err());
            let error = follower.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert_eq!(
                error.to_string(),
                "read a: the thread that was reading it panicked"
            );
        });
        assert!(
            matches!(flights.join(&route, path), Role::Leader(_)),
            "the path is free again"
        );
    }

    #[test]
    fn closing_tells_whether_anybody_joined() {
        let flights = Flights::default();
        let route: Route = (Arc::from(&b"a"[..]), 0);
        for joined in [false, true] {
            let Role::Leader(mut leader) = flights.join(&route, Path::new("a")) else {
                panic!("the path is free")
            };
            if joined {
                assert!(matches!(
                    flights.join(&route, Path::new("a")),
                    Role::Follower(_)
                ));
            }
            assert_eq!(leader.close(), joined);
        }
    }
}
