//! `consolidate` through the engine: near duplicates, a brief, a baseline, SARIF.

use autoexec_engine::report::{RunOutcome, RunReport, StepOutcome};
use autoexec_tests::{Folder, run, step};
use serde_json::Value;

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("written")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

const NEAR: [(&str, &str); 3] = [
    (
        "a.rs",
        "// TODO: close the connection while the reply is still being written\n",
    ),
    (
        "b.rs",
        "\n// TODO: close the connections while the reply is still being written!\n",
    ),
    (
        "c.rs",
        "// TODO: something else entirely has to be done about the colours here\n",
    ),
];

fn consolidated(folder: &Folder, options: &str) -> RunReport {
    run(
        folder,
        &format!(
            "
name: review
steps:
  - {{id: sources, read: '*.rs'}}
  - {{id: todos, search: {{in: sources, pattern: TODO, severity: medium}}}}
  - {{id: all, consolidate: {{from: [todos], {options}}}}}
outputs: {{folded: '${{{{ steps.all.folded }}}}', brief: '${{{{ steps.all.brief | length }}}}'}}
"
        ),
    )
}

/// Every place of `NEAR`, in every format.
#[test]
fn near_duplicates_are_listed_once_with_all_their_places() {
    for (similar, folded) in [("false", "0"), ("true", "1"), ("0.8", "1"), ("1", "0")] {
        let folder = Folder::with(&NEAR);
        let report = consolidated(&folder, &format!("similar: {similar}, output: r.md"));
        assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
        assert_eq!(report.outputs["folded"], folded, "similar: {similar}");
        let text = read(&folder, "r.md");
        for place in ["a.rs:1", "b.rs:2", "c.rs:1"] {
            assert!(text.contains(place), "{place} is lost: {text}");
        }
        assert_eq!(
            text.matches("reply is still").count(),
            if folded == "1" { 1 } else { 2 }
        );
    }
    let folder = Folder::with(&NEAR);
    consolidated(&folder, "similar: true, output: r.sarif");
    let sarif = json(&read(&folder, "r.sarif"));
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    let other = &results[0]["relatedLocations"][0]["physicalLocation"];
    assert_eq!(other["artifactLocation"]["uri"], "b.rs");
    assert_eq!(other["region"]["startLine"], 2);
    consolidated(&folder, "similar: true, output: r.json");
    let document = json(&read(&folder, "r.json"));
    let findings = document["steps"][0]["findings"]
        .as_array()
        .expect("findings");
    assert_eq!(findings.len(), 3, "{document:#}");
    assert_eq!(findings[0]["count"], 2);
    assert_eq!(
        findings[1]["listed_with"]["fingerprint"],
        findings[0]["fingerprint"]
    );
}

#[test]
fn sarif_has_rules_results_and_regions() {
    let folder = Folder::with(&NEAR);
    let report = consolidated(&folder, "brief: 60, baseline: b.json, output: r.sarif");
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    let sarif = json(&read(&folder, "r.sarif"));
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!((rules.len(), results.len()), (1, 3));
    for (result, (file, line)) in results.iter().zip([("a.rs", 1), ("b.rs", 2), ("c.rs", 1)]) {
        let rule = result["ruleIndex"].as_u64().expect("a rule") as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert_eq!(result["level"], "warning");
        assert!(
            result["message"]["text"]
                .as_str()
                .is_some_and(|it| it.contains("TODO"))
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], file);
        assert_eq!(
            (
                &place["region"]["startLine"],
                &place["region"]["startColumn"]
            ),
            (&line.into(), &4.into())
        );
    }
    let properties = &sarif["properties"];
    assert_eq!(
        properties["baseline"],
        serde_json::json!({"new": 3, "known": 0, "gone": 0})
    );
    assert!(properties["brief"][0]["text"].is_string());
}

#[test]
fn a_brief_comes_first_in_every_format() {
    let folder = Folder::with(&NEAR);
    let report = consolidated(&folder, "brief: 40, output: r.md");
    let count: usize = report.outputs["brief"].parse().expect("a number");
    let text = read(&folder, "r.md");
    assert!(text.starts_with("# review\n\n## In brief\n\n- "), "{text}");
    let brief = text.split("\n## ").nth(1).expect("a section");
    assert!(brief.contains("(1. todos, a.rs:1)"), "{brief}");
    assert_eq!((brief.matches("\n- ").count(), count > 0), (count, true));
    consolidated(&folder, "brief: 40, output: r.json");
    let document = json(&read(&folder, "r.json"));
    assert_eq!(document["brief"].as_array().map(Vec::len), Some(count));
    assert_eq!(
        (&document["format"], &document["brief"][0]["step"]),
        (&1.into(), &1.into())
    );
    consolidated(&folder, "brief: 40, output: r.txt");
    assert!(read(&folder, "r.txt").starts_with("review\n\nIn brief\n\n  - "));
    consolidated(&folder, "output: r.md");
    assert!(!read(&folder, "r.md").contains("In brief"));
}

#[test]
fn a_baseline_tells_new_from_known_and_gone() {
    let folder = Folder::with(&NEAR);
    let workflow = "
steps:
  - {id: sources, read: '*.rs'}
  - {id: todos, search: {in: sources, pattern: TODO}}
  - {id: all, consolidate: {from: todos, output: r.md, baseline: out/known.json, write_baseline: out/known.json}}
  - {id: complain, if: steps.all.new > 0, run: [echo, 'new']}
outputs: {since: '${{ steps.all.new }} ${{ steps.all.known }} ${{ steps.all.gone }}'}
";
    let first = run(&folder, workflow);
    assert_eq!(first.outputs["since"], "3 0 0", "{first:#?}");
    // Lines move, one goes, one comes.
    folder.write("a.rs", format!("\n\n\n{}", NEAR[0].1).as_bytes());
    folder.write("c.rs", b"// TODO: new\n");
    let second = run(&folder, workflow);
    assert_eq!(second.outputs["since"], "1 2 1");
    assert_eq!(
        step(&second, "all").summary,
        "3 findings (1 new, 2 known, 1 gone) of 1 step → r.md"
    );
    let text = read(&folder, "r.md");
    assert!(
        text.contains("\n**Since the baseline: 1 new, 2 known, 1 gone**\n"),
        "{text}"
    );
    let third = run(&folder, workflow);
    assert_eq!(third.outputs["since"], "0 3 0");
    assert_eq!(step(&third, "complain").outcome, StepOutcome::Skipped);
}

#[test]
fn a_baseline_that_is_none_fails_the_step_and_is_left_alone() {
    let folder = Folder::with(&[("a.rs", "// TODO\n"), ("known.json", "{\"format\": 7}")]);
    let report = consolidated(
        &folder,
        "output: r.md, baseline: known.json, write_baseline: known.json",
    );
    let all = step(&report, "all");
    assert_eq!(all.outcome, StepOutcome::Failed);
    let error = all.error.as_deref().unwrap_or_default();
    assert!(
        error.starts_with("cannot read the baseline `known.json`: "),
        "{error}"
    );
    assert_eq!(read(&folder, "known.json"), "{\"format\": 7}");
    assert!(!folder.join("r.md").exists());
}

#[cfg(unix)]
#[test]
fn a_baseline_outside_of_the_output_folder_is_not_opened() {
    let secret = Folder::with(&[("known.json", "{\"format\":1,\"fingerprints\":[]}")]);
    let folder = Folder::with(&[("a.rs", "// TODO\n")]);
    std::os::unix::fs::symlink(secret.path(), folder.join("link")).expect("linked");
    for key in ["baseline", "write_baseline"] {
        let report = consolidated(&folder, &format!("{key}: link/known.json"));
        let all = step(&report, "all");
        assert_eq!(all.outcome, StepOutcome::Failed, "{key}");
    }
    assert_eq!(secret.names(), ["known.json"]);
    assert_eq!(
        read(&secret, "known.json"),
        "{\"format\":1,\"fingerprints\":[]}"
    );
}
