//! A snapshot in the form that a file's name asks for.

use std::path::Path;

use autoexec_metrics::Snapshot;
use autoexec_metrics::report::{openmetrics, otlp};

use super::figures::{self, key_figures};

/// What exported names begin with.
const PREFIX: &str = "autoexec_";

/// A form of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricsFormat {
    /// Tables for people.
    Text,
    /// One JSON document.
    Json,
    /// OpenMetrics 1.0 text, as Prometheus scrapes it.
    OpenMetrics,
    /// OpenTelemetry: an `ExportMetricsServiceRequest` as JSON; model calls under the GenAI names.
    Otlp,
    /// A self-contained page with plots.
    Html,
}

impl MetricsFormat {
    /// Names of files and the form each asks for: what they end in.
    const ENDINGS: [(&str, Self); 8] = [
        (".otlp.json", Self::Otlp),
        (".json", Self::Json),
        (".html", Self::Html),
        (".htm", Self::Html),
        (".prom", Self::OpenMetrics),
        (".om", Self::OpenMetrics),
        (".openmetrics", Self::OpenMetrics),
        (".txt", Self::Text),
    ];

    /// The form that a file's name asks for.
    ///
    /// # Errors
    /// A sentence saying which endings there are.
    pub fn of(path: &Path) -> Result<Self, String> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_ascii_lowercase();
        let found = Self::ENDINGS
            .iter()
            .find(|(ending, _)| name.ends_with(ending));
        found.map(|(_, format)| *format).ok_or_else(|| {
            let endings = Self::ENDINGS.map(|(ending, _)| ending).join(", ");
            format!("the name must end in one of {endings}, which says the form")
        })
    }

    /// The snapshot in this form. Counting began at `started` and ended at `ended`, in nanoseconds since 1970.
    #[must_use]
    pub fn render(self, snapshot: &Snapshot, started: u64, ended: u64) -> String {
        match self {
            Self::Text => format!(
                "{}\n{}",
                snapshot.text(),
                figures::text(&key_figures(snapshot))
            ),
            Self::Json => snapshot.json() + "\n",
            Self::OpenMetrics => snapshot.openmetrics(&openmetrics::Options { prefix: PREFIX }),
            Self::Html => snapshot.html("autoexec metrics", &[]),
            Self::Otlp => snapshot.otlp(&otlp::Options {
                service: "autoexec",
                prefix: "autoexec.",
                start_unix_nanos: started,
                end_unix_nanos: ended,
                operation: "",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_form() {
        let of = |name: &str| MetricsFormat::of(Path::new(name)).ok();
        assert_eq!(of("a/m.json"), Some(MetricsFormat::Json));
        assert_eq!(of("m.OTLP.json"), Some(MetricsFormat::Otlp));
        assert_eq!(of("m.prom"), Some(MetricsFormat::OpenMetrics));
        assert_eq!((of("m"), of("m.yaml"), of("..")), (None, None, None));
    }
}
