//! The process probe against what this process is known to do, and against the kernel's own text. The
//! tests take turns, as they measure the one process that they share.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use autoexec_metrics::{ProcessProbe, Sampler, stats};

static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn work_takes_processor_time_of_all_threads() {
    let _turn = turn();
    let probe = ProcessProbe::start();
    let spin = || {
        // Until the probe sees it, which a process probe that knows one thread only never would.
        while probe.finish().cpu_user < Some(Duration::from_millis(20)) {
            std::hint::black_box((0..10_000u64).fold(1, |a, b| a ^ b));
        }
    };
    thread::scope(|scope| scope.spawn(spin).join()).unwrap();
    let used = probe.finish();
    assert!(used.cpu() >= used.cpu_user && used.cpu_user >= Some(Duration::from_millis(20)));
    assert!(probe.total().cpu() >= used.cpu());
}

#[test]
fn waiting_switches_and_touching_faults() {
    let _turn = turn();
    let probe = ProcessProbe::start();
    (0..5).for_each(|_| thread::sleep(Duration::from_millis(1)));
    assert!(
        probe.finish().voluntary_switches >= Some(5),
        "{:?}",
        probe.finish()
    );
    let mut block = vec![0u8; 64 << 20];
    block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    std::hint::black_box(&block);
    // 16,384 small pages or 32 huge ones.
    assert!(
        probe.finish().minor_faults >= Some(32),
        "{:?}",
        probe.finish()
    );
}

#[test]
fn bytes_and_calls_are_those_of_the_files() {
    let _turn = turn();
    let probe = ProcessProbe::start();
    if probe.total().read_bytes.is_none() {
        return; // The kernel was built without these counts, or refuses them.
    }
    let file = std::env::temp_dir().join(format!("autoexec-metrics-io-{}", std::process::id()));
    fs::write(&file, vec![1u8; 1 << 20]).unwrap();
    let written = probe.finish();
    assert_eq!(fs::read(&file).unwrap().len(), 1 << 20);
    let read = probe.finish().since(&written);
    fs::remove_file(&file).unwrap();
    let mib = 1 << 20;
    assert!(
        written
            .written_bytes
            .is_some_and(|n| (mib..mib + 65_536).contains(&n)),
        "{written:?}"
    );
    assert!(
        read.read_bytes
            .is_some_and(|n| (mib..mib + 65_536).contains(&n)),
        "{read:?}"
    );
    assert!(written.write_calls >= Some(1) && read.read_calls >= Some(1));
}

#[test]
fn nothing_that_the_kernel_tells_is_absent() {
    let _turn = turn();
    let used = ProcessProbe::start().finish();
    let always = [
        used.voluntary_switches,
        used.involuntary_switches,
        used.minor_faults,
        used.major_faults,
        used.descriptors,
        used.threads,
    ];
    assert!(
        used.cpu().is_some() && always.iter().all(Option::is_some),
        "{used:?}"
    );
    // All of these or, where the kernel does not count them, none.
    let io = [
        used.written_bytes,
        used.read_calls,
        used.write_calls,
        used.storage_read_bytes,
        used.storage_written_bytes,
    ];
    let is_counted = used.read_bytes.is_some();
    assert!(io.iter().all(|it| it.is_some() == is_counted), "{used:?}");
}

#[test]
fn descriptors_and_threads_are_counted_one_by_one() {
    let _turn = turn();
    let probe = ProcessProbe::start();
    let before = probe.finish();
    let files: Vec<File> = (0..7).map(|_| File::open("/dev/null").unwrap()).collect();
    assert_eq!(
        probe.finish().descriptors,
        before.descriptors.map(|n| n + 7)
    );
    drop(files);
    assert_eq!(probe.finish().descriptors, before.descriptors);

    let (stop, stopped) = mpsc::channel::<()>();
    let stopped = Mutex::new(stopped);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| stopped.lock().unwrap().recv());
        }
        // The harness starts and ends threads of its own: compares where the kernel said the same before
        // and after.
        let tries = (0..1_000).map(|_| {
            (
                threads_in_status(),
                probe.finish().threads,
                threads_in_status(),
            )
        });
        let (kernel, ours, _) = tries
            .into_iter()
            .find(|(before, _, after)| before == after)
            .unwrap();
        assert_eq!(ours, Some(kernel));
        assert!(kernel >= 4);
        drop(stop);
    });
}

fn threads_in_status() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("because Linux has it");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"));
    line.and_then(|line| line.trim().parse().ok())
        .expect("because it tells the threads")
}

#[test]
fn a_sampler_sees_growth_in_bounded_memory() {
    let _turn = turn();
    let mut sampler = Sampler::new(32);
    let start = Instant::now();
    let mut held: Vec<Vec<u8>> = Vec::new();
    for second in 0..200 {
        held.push(vec![1u8; 256 << 10]);
        sampler.sample(start + Duration::from_secs(second));
    }
    assert!(sampler.samples().count() <= 32 && sampler.readings_per_sample() == 8);
    assert_eq!(
        sampler.samples().last().unwrap().at,
        Duration::from_secs(199)
    );
    let points = sampler.points(|sample| Some(sample.rss_bytes? as f64));
    let growth = stats::slope(&points, 0.99).unwrap();
    let expect = f64::from(256 << 10);
    assert!(growth.interval.low > 0.5 * expect, "{growth:?}");
    assert!(growth.interval.high < 2.0 * expect, "{growth:?}");
    let descriptors = sampler.points(|sample| Some(sample.descriptors? as f64));
    assert!(stats::slope(&descriptors, 0.99).unwrap().interval.low <= 0.0);
    std::hint::black_box(&held);
}
