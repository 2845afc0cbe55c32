//! Reads what criterion left behind: `**/new/{benchmark,estimates}.json`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One benchmark in one pass.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) target: String,
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) function: Option<String>,
    /// The parameter, for benchmarks that have one.
    pub(crate) value: Option<String>,
    pub(crate) median_ns: f64,
    pub(crate) low_ns: f64,
    pub(crate) high_ns: f64,
    /// Criterion's median absolute deviation, scaled to a standard deviation.
    pub(crate) mad_ns: f64,
    /// Time of one iteration in the fastest of criterion's samples: what other processes disturbed
    /// least.
    pub(crate) fastest_ns: f64,
}

impl Sample {
    pub(crate) fn is_floor(&self) -> bool {
        self.function.as_deref() == Some("floor")
    }

    /// A sample whose interval is 1 % to either side.
    #[cfg(test)]
    pub(crate) fn of(group: &str, function: &str, value: Option<&str>, median_ns: f64) -> Self {
        let tail = value.map(|value| format!("/{value}")).unwrap_or_default();
        Self {
            target: "test".to_owned(),
            id: format!("{group}/{function}{tail}"),
            group: group.to_owned(),
            function: Some(function.to_owned()),
            value: value.map(str::to_owned),
            median_ns,
            low_ns: median_ns * 0.99,
            high_ns: median_ns * 1.01,
            mad_ns: median_ns * 0.02,
            fastest_ns: median_ns,
        }
    }
}

#[derive(Deserialize)]
struct BenchmarkFile {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    full_id: String,
}

#[derive(Deserialize)]
struct EstimatesFile {
    median: Estimate,
    median_abs_dev: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Criterion's samples: how many iterations each had, and how long they took together.
#[derive(Deserialize)]
struct SampleFile {
    iters: Vec<f64>,
    times: Vec<f64>,
}

impl SampleFile {
    fn fastest(&self) -> f64 {
        let each = self
            .times
            .iter()
            .zip(&self.iters)
            .map(|(time, iterations)| time / iterations);
        each.fold(f64::INFINITY, f64::min)
    }
}

/// All benchmarks below a folder that held nothing before `target` ran.
pub(crate) fn collect(folder: &Path, target: &str) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        if here.ends_with("new") && here.join("benchmark.json").is_file() {
            samples.push(sample(&here, target)?);
            continue;
        }
        folders.extend(subfolders(&here)?);
    }
    samples.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(samples)
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = match fs::read_dir(folder) {
        // A target without benchmarks leaves no folder.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        list => list.with_context(|| format!("cannot list {}", folder.display()))?,
    };
    let mut found = Vec::new();
    for entry in list {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

fn sample(folder: &Path, target: &str) -> Result<Sample> {
    let benchmark: BenchmarkFile = read_json(&folder.join("benchmark.json"))?;
    let estimates: EstimatesFile = read_json(&folder.join("estimates.json"))?;
    let measured: SampleFile = read_json(&folder.join("sample.json"))?;
    let interval = estimates.median.confidence_interval;
    Ok(Sample {
        target: target.to_owned(),
        id: benchmark.full_id,
        group: benchmark.group_id,
        function: benchmark.function_id,
        value: benchmark.value_str,
        median_ns: estimates.median.point_estimate,
        low_ns: interval.lower_bound,
        high_ns: interval.upper_bound,
        mad_ns: estimates.median_abs_dev.point_estimate,
        fastest_ns: measured.fastest(),
    })
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not what was expected", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files;

    const ESTIMATES: &str = r#"{"mean":{"x":1},
        "median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":9.0,"upper_bound":11.5},"point_estimate":10.0,"standard_error":0.1},
        "median_abs_dev":{"confidence_interval":{"confidence_level":0.95,"lower_bound":0.1,"upper_bound":0.3},"point_estimate":0.2,"standard_error":0.1}}"#;
    const BENCHMARK: &str = r#"{"group_id":"g/q","function_id":"ours","value_str":"9","throughput":null,"full_id":"g/q/ours/9","directory_name":"d","title":"t"}"#;

    #[test]
    fn new_results_are_read_and_others_left() {
        let folder = tempfile::tempdir().unwrap();
        for place in ["g_q/ours/9/new", "g_q/ours/9/base"] {
            files::write(&folder.path().join(place).join("benchmark.json"), BENCHMARK).unwrap();
            files::write(&folder.path().join(place).join("estimates.json"), ESTIMATES).unwrap();
            let sample = r#"{"sampling_mode":"Linear","iters":[2.0,4.0],"times":[19.0,36.0]}"#;
            files::write(&folder.path().join(place).join("sample.json"), sample).unwrap();
        }
        let samples = collect(folder.path(), "t").unwrap();
        assert_eq!(samples.len(), 1);
        let sample = &samples[0];
        assert_eq!(
            (
                sample.id.as_str(),
                sample.group.as_str(),
                sample.value.as_deref()
            ),
            ("g/q/ours/9", "g/q", Some("9"))
        );
        assert_eq!(
            (
                sample.median_ns,
                sample.low_ns,
                sample.high_ns,
                sample.mad_ns
            ),
            (10.0, 9.0, 11.5, 0.2)
        );
        assert_eq!(sample.fastest_ns, 9.0);
    }

    #[test]
    fn no_folder_is_no_benchmarks_and_a_broken_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            collect(&folder.path().join("none"), "t")
                .unwrap()
                .is_empty()
        );
        files::write(&folder.path().join("a/new/benchmark.json"), "{").unwrap();
        let error = collect(folder.path(), "t").unwrap_err().to_string();
        assert!(error.contains("benchmark.json"), "{error}");
    }
}
