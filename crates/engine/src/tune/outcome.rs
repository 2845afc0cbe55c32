//! What a search of a command came to: as rows, JSON and plots.

use autoexec_evolutionary_optimizer::{Goal, Solution};
use autoexec_metrics::plot::{Series, lines, page};
use serde_json::{Map, Value as Json, json};

use super::command::Tuning;
use super::document::SpaceDocument;
use super::values;

/// One solution, as text by names.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Objectives.
    pub measured: Vec<(String, String)>,
    /// Parameters that play a part.
    pub parameters: Vec<(String, String)>,
    /// What exceeds constraints, in all.
    pub violation: f64,
}

impl Tuning {
    /// The solutions, from the best in the first objective on.
    pub fn rows(&self, document: &SpaceDocument) -> Vec<Row> {
        let row = |solution: &Solution| {
            let names = document.objectives.iter().map(|it| it.name.clone());
            let values = solution.objectives.iter().map(ToString::to_string);
            let parameters = values::map(&solution.candidate).into_iter();
            Row {
                measured: names.zip(values).collect(),
                parameters: parameters
                    .map(|(name, value)| (name, values::text(&value)))
                    .collect(),
                violation: solution.violation,
            }
        };
        self.sorted(document).into_iter().map(row).collect()
    }

    fn sorted(&self, document: &SpaceDocument) -> Vec<&Solution> {
        let mut sorted: Vec<_> = self.front.iter().collect();
        sorted.sort_by(|a, b| a.objectives[0].total_cmp(&b.objectives[0]));
        if document.objectives[0].goal == Goal::Maximize {
            sorted.reverse();
        }
        sorted
    }

    /// All of it as one JSON document.
    pub fn to_json(&self, document: &SpaceDocument) -> String {
        let solution = |solution: &Solution| {
            let names = document.objectives.iter().map(|it| it.name.clone());
            let objectives: Map<String, Json> = names
                .zip(solution.objectives.iter().map(|&value| json!(value)))
                .collect();
            json!({
                "parameters": values::map(&solution.candidate),
                "objectives": objectives,
                "violation": solution.violation,
            })
        };
        let front: Vec<Json> = self.sorted(document).into_iter().map(solution).collect();
        let stop = self.stop.map(|stop| format!("{stop:?}").to_lowercase());
        let all = json!({
            "evaluations": self.evaluations,
            "failures": self.failures,
            "stop": stop,
            "trouble": self.trouble,
            "front": front,
        });
        format!("{all:#}")
    }

    /// With two objectives the front, else the best value over the evaluations, as SVG.
    pub fn plot(&self, document: &SpaceDocument) -> String {
        match document.objectives.len() {
            2 => self.front_plot(document),
            _ => self.convergence_plot(document),
        }
    }

    /// All plots on a page.
    pub fn page(&self, document: &SpaceDocument) -> String {
        let mut body = self.convergence_plot(document);
        if document.objectives.len() == 2 {
            body.push_str(&self.front_plot(document));
        }
        page("Search", &body)
    }

    fn front_plot(&self, document: &SpaceDocument) -> String {
        let points: Vec<(f64, f64)> = self
            .sorted(document)
            .into_iter()
            .map(|it| (it.objectives[0], it.objectives[1]))
            .collect();
        let [first, second] = [0, 1].map(|it| document.objectives[it].name.as_str());
        let series = Series {
            name: "none dominates",
            points: &points,
        };
        lines("Front", first, second, &[series])
    }

    fn convergence_plot(&self, document: &SpaceDocument) -> String {
        let improvements = self.improvements.iter();
        let points = steps(improvements.map(|&(evaluation, value)| (evaluation as f64, value)));
        let name = document.objectives[0].name.as_str();
        let series = Series {
            name: "best so far",
            points: &points,
        };
        lines("Convergence", "evaluations", name, &[series])
    }
}

/// The best stays until the next one: a corner before each point.
pub(super) fn steps(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (x, y) in points {
        if let Some(&(_, before)) = steps.last() {
            steps.push((x, before));
        }
        steps.push((x, y));
    }
    steps
}
