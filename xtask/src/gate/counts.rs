//! How many tests ran, from what `cargo test` printed.

use std::fmt;

/// Sums over all test binaries and doc tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// Ignored ones; nothing is filtered out.
    pub(super) skipped: u64,
}

impl Counts {
    /// Adds up the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(super) fn parse(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines() {
            let Some(result) = line.trim().strip_prefix("test result: ") else {
                continue;
            };
            let Some((_, numbers)) = result.split_once(". ") else {
                continue;
            };
            for (number, what) in numbers.split("; ").filter_map(|part| part.split_once(' ')) {
                let number = number.parse().unwrap_or(0);
                match what {
                    "passed" => sum.passed += number,
                    "failed" => sum.failed += number,
                    "ignored" => sum.skipped += number,
                    _ => {}
                }
            }
        }
        sum
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn all_binaries_are_summed() {
        let output = "running 2 tests\n\
            test a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: FAILED. 10 passed; 3 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1.00s\n\
            a line about test result: nothing\n";
        let counts = Counts::parse(output);
        assert_eq!(
            counts,
            Counts {
                passed: 12,
                failed: 3,
                skipped: 1
            }
        );
        assert_eq!(counts.to_string(), "12 passed, 3 failed, 1 skipped");
    }

    #[test]
    fn nothing_run_is_nothing_counted() {
        assert_eq!(Counts::parse("error: could not compile"), Counts::default());
    }
}
