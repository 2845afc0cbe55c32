//! Plain text, JSON and SARIF: what they hold, and that nothing foreign breaks them.

use autoexec_consolidator::{
    By, Confidence, Consolidator, Finding, Format, Place, Severity, Step, Tool, View,
};
use serde_json::{Value, json};

const TOOL: Tool<'static> = Tool {
    name: "reviewer",
    version: "1.2.3",
    information_uri: "https://example.org/reviewer",
};

fn document() -> Consolidator {
    let mut document = Consolidator::with_title("Review\nof x");
    let lock = Finding::new("`unwrap` on a \"lock\"\n\u{1b}[31m")
        .kind("unwrap")
        .severity(Severity::Critical)
        .confidence(Confidence::number(0.85).expect("0–1"))
        .hypothesis("a poisoned lock")
        .at("src/a b.rs", 12)
        .column(5)
        .also_at(Place::new("../ü.rs", 3).to(9))
        .evidence("POOL.lock().unwrap()", Place::new("src/a b.rs", 12))
        .evidence("said so", Place::default());
    let step = Step {
        title: "Search".into(),
        text: "Two lines:\n\n# one".into(),
        findings: vec![
            lock.clone(),
            Finding::new("")
                .in_file("src/c.rs")
                .severity(Severity::Medium),
            Finding::new("no place"),
        ],
        omitted: 2,
        files_checked: vec!["src/a b.rs".into(), "src/c.rs".into()],
        relevant_files: vec!["src/a b.rs".into()],
        hypothesis: Some("it stops".into()),
        confidence: Some(Confidence::High),
    };
    document.set(1, step);
    document.add(2, lock.column(6));
    document
}

fn json_of(document: &Consolidator) -> Value {
    let mut out = Vec::new();
    let written = (document.write_json(&mut out)).expect("a vector takes all");
    assert_eq!(written, out.len() as u64);
    serde_json::from_slice(&out).expect("JSON")
}

fn sarif_of(document: &Consolidator) -> Value {
    let mut out = Vec::new();
    let written = (document.write_sarif(&mut out, &TOOL)).expect("a vector takes all");
    assert_eq!(written, out.len() as u64);
    serde_json::from_slice(&out).expect("JSON")
}

#[test]
fn plain_text_has_no_markup() {
    let mut document = document();
    let view = |by| View {
        format: Format::Plain,
        by,
    };
    document.set_view(view(By::Step));
    let expect = "\
Review of x

1. Search

  Hypothesis (confidence: high): it stops

  Two lines:

  # one

  critical src/a b.rs:12:5 `unwrap` on a \"lock\" [31m (unwrap, confidence: 0.85, 2 times, also at ../ü.rs:3-9, src/a b.rs:12:6)
      hypothesis: a poisoned lock
      evidence src/a b.rs:12: POOL.lock().unwrap()
      evidence: said so
  medium src/c.rs
  info no place
  …and 2 more

  Relevant: src/a b.rs

  Checked: src/a b.rs, src/c.rs

2.

  1 finding is listed with the one that it repeats

2 steps, 2 files checked, 1 relevant, 6 findings (2 critical, 1 medium, 1 info; 1 duplicate, 2 not listed)
";
    // The column of the place added last was set: that of the second place.
    let expect = expect.replace("../ü.rs:3-9, src/a b.rs:12:6", "../ü.rs:3-9, ../ü.rs:3-9:6");
    assert_eq!(document.text(), expect);
    document.set_view(view(By::File));
    let text = document.text();
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("{part:?} in {text}"))
    };
    assert!(
        at("\nsrc/a b.rs (1)\n\n  critical line 12:5 `unw") < at("\nsrc/c.rs (1)\n\n  medium\n")
    );
    assert!(at("\nsrc/c.rs (1)") < at("\nElsewhere (1)\n\n  info no place\n"));
    assert!(at("\nElsewhere (1)") < at("\n1. Search\n"));
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn json_holds_everything() {
    let document = document();
    let json = json_of(&document);
    assert_eq!(json["format"], 1);
    assert_eq!(json["title"], "Review\nof x");
    let summary = json!({
        "steps": 2, "files_checked": 2, "relevant_files": 1, "findings": 4, "duplicates": 1,
        "omitted": 2, "by_severity": {"critical": 2, "high": 0, "medium": 1, "low": 0, "info": 1},
    });
    assert_eq!(json["summary"], summary);
    let step = &json["steps"][0];
    assert_eq!(step["text"], "Two lines:\n\n# one");
    assert_eq!(step["confidence"], "high");
    assert_eq!(step["files_checked"], json!(["src/a b.rs", "src/c.rs"]));
    let ids: Vec<_> = document.findings().collect();
    let print = |at: usize| document.fingerprint(ids[at]).unwrap().to_string();
    let first = json!({
        "severity": "critical", "kind": "unwrap", "text": "`unwrap` on a \"lock\"\n\u{1b}[31m",
        "places": [
            {"file": "src/a b.rs", "line": 12, "column": 5},
            {"file": "../ü.rs", "line": 3, "end_line": 9},
        ],
        "hypothesis": "a poisoned lock", "confidence": 0.85,
        "evidence": [
            {"text": "POOL.lock().unwrap()", "file": "src/a b.rs", "line": 12},
            {"text": "said so"},
        ],
        "fingerprint": print(0), "count": 2,
    });
    assert_eq!(step["findings"][0], first);
    let twin = &json["steps"][1]["findings"][0];
    assert_eq!(
        twin["listed_with"],
        json!({"step": 1, "fingerprint": print(0)})
    );
    assert_eq!(twin.get("count"), None);
}

#[test]
fn sarif_holds_what_is_listed() {
    let document = document();
    let log = sarif_of(&document);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = json!({
        "name": "reviewer", "version": "1.2.3", "informationUri": "https://example.org/reviewer",
        "rules": [
            {"id": "finding", "shortDescription": {"text": "finding"}},
            {"id": "unwrap", "shortDescription": {"text": "unwrap"}},
        ],
    });
    assert_eq!(run["tool"]["driver"], driver);
    assert_eq!(run["properties"]["omitted"], 2);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "the duplicate stands with the first");
    let first = document.findings().next().unwrap();
    let file = json!({"uri": "src/a%20b.rs"});
    let other = json!({"uri": "../%C3%BC.rs"});
    let expect = json!({
        "ruleId": "unwrap", "ruleIndex": 1, "level": "error",
        "message": {"text": "`unwrap` on a \"lock\"\n\u{1b}[31m"},
        "locations": [{"physicalLocation": {
            "artifactLocation": file, "region": {"startLine": 12, "startColumn": 5},
        }}],
        "relatedLocations": [
            {"physicalLocation": {
                "artifactLocation": other, "region": {"startLine": 3, "endLine": 9},
            }},
            {"physicalLocation": {
                "artifactLocation": other,
                "region": {"startLine": 3, "endLine": 9, "startColumn": 6},
            }},
            {"physicalLocation": {
                "artifactLocation": file,
                "region": {"startLine": 12, "snippet": {"text": "POOL.lock().unwrap()"}},
            }, "message": {"text": "POOL.lock().unwrap()"}},
            {"message": {"text": "said so"}},
        ],
        "partialFingerprints": {
            "kindTextFile/v1": document.fingerprint(first).unwrap().to_string(),
        },
        "occurrenceCount": 2,
        "properties": {
            "severity": "critical", "step": 1, "confidence": 0.85, "hypothesis": "a poisoned lock",
        },
    });
    assert_eq!(results[0], expect);
    assert_eq!(
        results[1]["message"]["text"], "finding",
        "a message is never empty"
    );
    assert_eq!(results[1]["level"], "warning");
    let no_region = json!([{"physicalLocation": {"artifactLocation": {"uri": "src/c.rs"}}}]);
    assert_eq!(results[1]["locations"], no_region);
    assert_eq!(results[2]["level"], "note");
    assert_eq!(results[2].get("locations"), None);
}

#[test]
fn an_empty_document_is_valid_in_every_format() {
    let mut document = Consolidator::with_title("");
    assert_eq!(json_of(&document)["steps"], json!([]));
    let run = sarif_of(&document)["runs"][0].clone();
    assert_eq!(run["results"], json!([]));
    assert_eq!(run["tool"]["driver"]["rules"], json!([]));
    for by in [By::Step, By::Severity, By::File] {
        let format = Format::Plain;
        document.set_view(View { format, by });
        assert_eq!(
            document.text(),
            "\n\n0 steps, 0 files checked, 0 relevant, 0 findings\n"
        );
    }
}

#[test]
fn where_findings_do_not_stand_with_their_steps_a_step_that_says_nothing_else_is_left_out() {
    let says: [fn(&mut Step); 7] = [
        |step| step.title = "title".into(),
        |step| step.text = "text".into(),
        |step| step.omitted = 1,
        |step| step.files_checked = vec!["a.rs".into()],
        |step| step.relevant_files = vec!["a.rs".into()],
        |step| step.hypothesis = Some("h".into()),
        |step| step.confidence = Some(Confidence::Low),
    ];
    let mut document = Consolidator::new();
    for number in 1..=8 {
        let mut step = Step::default();
        step.findings.push(Finding::new("x").at("a.rs", number));
        if let Some(says) = says.get(number as usize - 1) {
            says(&mut step);
        }
        document.set(number, step);
    }
    for by in [By::Step, By::Severity, By::File] {
        let format = Format::Plain;
        document.set_view(View { format, by });
        let text = document.text();
        let shown = |number: &u32| text.contains(&format!("\n{number}."));
        let last = if by == By::Step { 8 } else { 7 };
        assert!((1..=8).filter(shown).eq(1..=last), "{text}");
    }
}

/// Lines from 1, end after start, columns only with lines: whatever is put in, SARIF holds no region
/// that its specification forbids.
#[test]
fn regions_are_lawful() {
    let mut document = Consolidator::new();
    for (line, end_line, column) in [(0, 5, 3), (7, 3, 0), (7, 7, 1), (1, u32::MAX, u32::MAX)] {
        let place = Place::new("a.rs", line).to(end_line).column(column);
        document.add(1, Finding::new("x").also_at(place));
    }
    let log = sarif_of(&document);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let all = (results.iter()).flat_map(|r| {
        let related = r["relatedLocations"].as_array().into_iter().flatten();
        r["locations"].as_array().unwrap().iter().chain(related)
    });
    let regions: Vec<Value> = all
        .filter_map(|l| l["physicalLocation"].get("region").cloned())
        .collect();
    let expect = [
        json!({"startLine": 7}),
        json!({"startLine": 7, "startColumn": 1}),
        json!({"startLine": 1, "endLine": u32::MAX, "startColumn": u32::MAX}),
    ];
    assert_eq!(regions, expect);
}
