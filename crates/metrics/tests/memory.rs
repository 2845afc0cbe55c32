//! The memory probe sees what was there and is gone. The tests take turns, as they measure the one
//! process that they share.

use std::sync::{Mutex, PoisonError};

use autoexec_metrics::{MemoryProbe, MemoryUse, Workflow};

const MIB: u64 = 1 << 20;
static TURN: Mutex<()> = Mutex::new(());

/// Allocates 64 MiB, touches each page, and gives all back.
fn rise_and_fall() {
    let mut block = vec![0u8; 64 << 20];
    block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    std::hint::black_box(&block);
}

/// What the probe measured; `None` (with nothing to test) where the platform cannot tell a peak.
fn peak_over_start(memory: Option<MemoryUse>) -> Option<u64> {
    let memory = memory?;
    let peak = memory.peak_bytes.filter(|_| memory.peak_is_since_start)?;
    assert!(peak >= memory.start_bytes && peak >= memory.end_bytes);
    Some(peak - memory.start_bytes)
}

#[test]
fn the_peak_is_the_true_one() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let probe = MemoryProbe::start();
    rise_and_fall();
    let memory = probe.finish();
    let Some(rise) = peak_over_start(memory) else {
        return;
    };
    assert!(rise >= 48 * MIB, "{memory:?}");
    assert!(memory.unwrap().delta_bytes < 32 << 20, "{memory:?}");
}

#[test]
fn a_peak_before_the_start_does_not_count() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    rise_and_fall();
    let probe = MemoryProbe::start();
    let memory = probe.finish();
    if let Some(rise) = peak_over_start(memory) {
        assert!(rise < 32 * MIB, "{memory:?}");
    }
}

#[test]
fn a_probe_inside_another_takes_nothing_from_it() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let outer = MemoryProbe::start();
    rise_and_fall();
    let inner = MemoryProbe::start();
    if let Some(rise) = peak_over_start(inner.finish()) {
        assert!(rise < 32 * MIB, "{:?}", inner.finish());
        let rise = peak_over_start(outer.finish());
        assert!(
            rise.is_some_and(|rise| rise >= 48 * MIB),
            "{:?}",
            outer.finish()
        );
    }
}

#[test]
fn a_workflow_tells_the_peak_between_its_steps() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let workflow = Workflow::default();
    let can_tell = peak_over_start(MemoryProbe::start().finish()).is_some();
    let run = workflow.start_workflow();
    let step = workflow.start_step("rise and fall");
    rise_and_fall();
    workflow.end_step(step);
    workflow.end_workflow(run);
    let summary = workflow.summary();
    if can_tell {
        let rise = summary.memory_peak_bytes.unwrap() - summary.memory_start_bytes.unwrap();
        assert!(rise >= 48 * MIB, "{summary:?}");
    }
}

/// The others would have nothing to test if the probe believed that it may not.
#[cfg(target_os = "linux")]
#[test]
fn a_peak_is_since_the_start_where_the_mark_may_be_set_back() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let may = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let memory = MemoryProbe::start().finish().unwrap();
    assert_eq!(memory.peak_is_since_start, may, "{memory:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn resident_memory_agrees_with_the_kernel() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let probe = MemoryProbe::start();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kernel: u64 = line.unwrap().trim_end_matches("kB").trim().parse().unwrap();
    let ours = probe.rss().unwrap();
    assert!(
        ours.abs_diff(kernel * 1024) < 4 * MIB,
        "{ours} and {kernel} KiB"
    );
}
