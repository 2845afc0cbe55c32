//! Answers and conversations: what is asked once, what is asked anew, and what a trim leaves.

use autoexec_engine::report::{PromptsReport, RunOutcome, RunReport};
use autoexec_engine::{Engine, RunOptions, Settings};
use autoexec_tests::{Folder, run, run_with, settings, step};

const FACTS: &str = "The barn holds the sheep. The shepherd counts the sheep at night.\n";

fn folder() -> Folder {
    Folder::with(&[("a.md", FACTS), ("b.md", FACTS)])
}

/// Requests, hits, misses.
fn counts(report: &RunReport) -> Option<(u64, u64, u64)> {
    let of = |p: PromptsReport| (p.requests, p.hits, p.misses);
    report.prompts.map(of)
}

/// Runs a first question and then a second, in one run.
fn check(second: &str, hits: u64) {
    let workflow = format!(
        "
steps:
  - {{id: a, read: a.md}}
  - {{id: b, read: b.md}}
  - {{id: first, ask: {{prompt: What counts sheep?, context: [a]}}}}
  - {{id: second, needs: first, ask: {second}}}
outputs:
  same: ${{{{ steps.first.text == steps.second.text }}}}
  cached: ${{{{ steps.second.cached }}}}
"
    );
    let report = run(&folder(), &workflow);
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    assert_eq!(counts(&report), Some((2, hits, 2 - hits)), "{second}");
    assert_eq!(report.outputs["cached"], (hits == 1).to_string());
    let tokens = step(&report, "second").tokens;
    assert_eq!(tokens.is_none(), hits == 1, "cached answers cost nothing");
    if hits == 1 {
        assert_eq!(report.outputs["same"], "true");
        assert_eq!(report.tokens, step(&report, "first").tokens);
    }
}

#[test]
fn the_very_same_question_is_asked_once() {
    check("{prompt: What counts sheep?, context: [a]}", 1);
    check("{prompt: What counts sheep, context: [a]}", 0);
    check("{prompt: What counts sheep?, context: [a, a]}", 0);
    // The same text from another file is quoted under another name.
    check("{prompt: What counts sheep?, context: [b]}", 0);
    check("{prompt: What counts sheep?}", 0);
    check(
        "{prompt: What counts sheep?, context: [a], max_tokens: 501}",
        0,
    );
}

#[test]
fn what_was_said_before_is_part_of_the_question() {
    let ask = "{prompt: What counts sheep?, context: [a], conversation: c}";
    let report = run(
        &folder(),
        &format!(
            "
steps:
  - {{id: a, read: a.md}}
  - {{id: first, ask: {ask}}}
  - {{id: second, needs: first, ask: {ask}}}
  - {{id: alone, needs: second, ask: {{prompt: What counts sheep?, context: [a]}}}}
"
        ),
    );
    // The second has the first exchange in its history; the third has none, as the first had.
    assert_eq!(counts(&report), Some((3, 1, 2)), "{report:#?}");
    assert_eq!(
        step(&report, "alone").summary,
        "answered by extractive, from the cache"
    );
}

#[test]
fn a_second_run_finds_the_answers_until_a_file_changes() {
    let folder = folder();
    let engine = Engine::new(settings());
    let workflow = "
steps:
  - {id: a, read: '*.md'}
  - {id: q, ask: {prompt: What counts sheep?, context: [a]}}
outputs: {text: '${{ steps.q.text }}'}
";
    let run = || run_with(&engine, workflow, RunOptions::new(folder.path()));
    let (first, second) = (run(), run());
    assert_eq!(
        (counts(&first), counts(&second)),
        (Some((1, 0, 1)), Some((1, 1, 0)))
    );
    let prompts = second.prompts.expect("asked");
    assert_eq!((prompts.hit_rate, prompts.resident_entries), (1.0, 1));
    assert_eq!(
        (first.outputs["text"].clone(), None),
        (second.outputs["text"].clone(), second.tokens)
    );
    let json: serde_json::Value = serde_json::from_str(&second.to_json()).expect("JSON");
    assert_eq!(json["prompts"]["hits"], 1);
    // As many bytes as before.
    folder.write("a.md", FACTS.replace("night", "dawn!").as_bytes());
    let third = run();
    assert_eq!(counts(&third), Some((1, 0, 1)));
    assert!(
        third.outputs["text"].contains("dawn!"),
        "{}",
        third.outputs["text"]
    );
}

#[test]
fn many_who_ask_the_same_at_once_are_answered_by_one() {
    let workflow = "
limits: {io: 8}
steps:
  - {id: a, read: a.md}
  - {id: q, foreach: [1, 2, 3, 4, 5, 6, 7, 8], ask: {prompt: What counts sheep?, context: [a]}}
outputs: {last: '${{ steps.q.items[7].text == steps.q.items[0].text }}'}
";
    let report = run(&folder(), workflow);
    let prompts = report.prompts.expect("asked");
    assert_eq!(
        (prompts.requests, prompts.misses - prompts.coalesced),
        (8, 1),
        "{prompts:?}"
    );
    assert_eq!(report.outputs["last"], "true");
}

#[test]
fn who_wants_no_cache_has_none() {
    let ask = "ask: {prompt: What counts sheep?, context: [a]}";
    let workflow = |option: &str| {
        format!(
            "steps: [{{id: a, read: a.md}}, {{id: p, {option} {ask}}}, {{id: q, needs: p, {option} {ask}}}]"
        )
    };
    let folder = folder();
    assert_eq!(counts(&run(&folder, &workflow("cache: false,"))), None);
    assert_eq!(
        counts(&run(&folder, &workflow("cache: true,"))),
        Some((2, 1, 1))
    );
    for off in [
        "prompts = 0",
        "prompt_bytes = 0",
        "prompt_ttl = \"0s\"",
        "prompt_bytes = \"1 KiB\"",
    ] {
        let settings = Settings::from_toml(&format!("[caches]\n{off}\n")).expect("valid");
        let report = run_with(
            &Engine::new(settings),
            &workflow(""),
            RunOptions::new(folder.path()),
        );
        assert_eq!(
            (report.outcome, counts(&report)),
            (RunOutcome::Succeeded, None),
            "{off}"
        );
    }
    let nothing = run(&folder, "steps: [{id: a, read: a.md}]");
    assert_eq!(counts(&nothing), None, "nobody asked");
}

/// Twelve exchanges; the second is about Minka, the last question too.
fn conversation(keep: &str) -> (Engine, RunReport) {
    let mut steps = String::new();
    let mut needs = String::new();
    let prompts = ["We list facts", "My cat is called Minka"].map(str::to_owned);
    let others = (0..9).map(|n| format!("What is {n} times {n} in the long table of numbers"));
    let last = "Say the name of my cat Minka".to_owned();
    for (n, prompt) in prompts.into_iter().chain(others).chain([last]).enumerate() {
        steps += &format!("  - {{id: q{n}, {needs}ask: {{prompt: {prompt}, conversation: c}}}}\n");
        needs = format!("needs: q{n}, ");
    }
    let workflow = format!(
        "steps:\n{steps}outputs: {{dropped: '${{{{ steps.q11.dropped }}}}', recall: '${{{{ steps.q11.recall | join(\" \") }}}}'}}\n"
    );
    // The last question finds 23 messages, and is one too many.
    let text = format!(
        "[history]\nmax_pairs = 5\ntrim_threshold = 1.5\nsafe_trim_level = 1.0\nemergency = 1.9\nkeep = \"{keep}\"\n"
    );
    let engine = Engine::new(Settings::from_toml(&text).expect("valid"));
    let folder = Folder::with(&[]);
    let report = run_with(&engine, &workflow, RunOptions::new(folder.path()));
    assert_eq!(report.outcome, RunOutcome::Succeeded, "{report:#?}");
    (engine, report)
}

#[test]
fn what_a_conversation_drops_is_counted_and_can_be_recalled() {
    for (keep, minka_goes) in [("recent", true), ("relevant", false)] {
        let (engine, report) = conversation(keep);
        let keys: Vec<&str> = report.outputs["recall"].split(' ').collect();
        let recalled = keys
            .iter()
            .map(|key| engine.recall(key).expect("it is held"));
        let texts: Vec<String> = recalled.map(|m| m.text().into_owned()).collect();
        assert!(keys.len() > 5, "{keep}: {texts:?}");
        assert_eq!(report.outputs["dropped"], keys.len().to_string());
        let gone = texts.iter().any(|it| it == "My cat is called Minka");
        assert_eq!(gone, minka_goes, "{keep}: {texts:?}");
        let summary = &step(&report, "q11").summary;
        assert!(summary.ends_with("messages dropped"), "{summary}");
        assert!(engine.recall("m9999").is_none());
    }
}
