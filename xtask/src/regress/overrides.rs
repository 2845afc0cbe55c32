//! Benchmarks for which another slowdown than that of `--threshold` is to be found, and why.

/// Where an id begins so, the threshold is this share, unless the one asked for is larger.
const OVERRIDES: &[(&str, f64, &str)] = &[
    (
        "store/save-sync/",
        0.30,
        "waits for the disk, which takes one of two times of its own accord",
    ),
    (
        "store/whole-5000/",
        0.30,
        "writes 20 MB and waits for the disk",
    ),
    (
        "metrics/off-path/",
        3.0,
        "takes one cycle or two, as its loop happens to lie: what is to be found is a call or a lock",
    ),
];

/// The threshold for a benchmark, and why it is not the one that was asked for.
pub(super) fn threshold(id: &str, asked: f64) -> (f64, Option<&'static str>) {
    let known = OVERRIDES
        .iter()
        .find(|(prefix, share, _)| id.starts_with(prefix) && *share > asked);
    known.map_or((asked, None), |(_, share, reason)| (*share, Some(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_only_ever_raises_the_threshold_and_says_why() {
        assert_eq!(threshold("store/hit-1000/get", 0.05), (0.05, None));
        let (share, reason) = threshold("store/save-sync/save-100", 0.05);
        assert!(share == 0.30 && reason.is_some_and(|it| it.contains("disk")));
        assert_eq!(threshold("store/save-sync/save-100", 0.5), (0.5, None));
        assert!(OVERRIDES.iter().all(|(prefix, share, reason)| {
            prefix.ends_with('/') && *share > 0.05 && reason.len() > 10
        }));
    }
}
