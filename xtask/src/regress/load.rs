//! Other processes that keep the machine busy while the gate is tested.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Result;

use super::examine::Binary;
use super::serve::Server;

/// A process that runs iterations of a benchmark for as long as this value lives.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    feeder: Option<JoinHandle<()>>,
}

impl Load {
    /// Starts it. It is told to go on every so many iterations, and hence ends with us.
    pub(super) fn start(binary: &Binary, id: &str, iterations: u64) -> Result<Self> {
        let mut server = Server::start(binary.command(), id)?;
        server.ready()?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let feeder =
            thread::spawn(
                move || {
                    while !told.load(Ordering::Relaxed) && server.ask(iterations).is_ok() {}
                },
            );
        Ok(Self {
            stop,
            feeder: Some(feeder),
        })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(feeder) = self.feeder.take() {
            let _ = feeder.join();
        }
    }
}
