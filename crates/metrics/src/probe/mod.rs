//! What this process uses: memory, processors, files, threads. Absent where the platform cannot tell.

mod memory;
mod process;
mod sampler;
mod usage;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod platform;

pub use memory::{MemoryProbe, MemoryTargets, MemoryUse};
pub use process::{ProcessProbe, ProcessUse};
pub use sampler::{Sample, Sampler};
