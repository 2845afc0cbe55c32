//! Every error that a workflow file can hold: one message each, with its place and how to mend it.

use autoexec_engine::parse;

/// The first line and the place of each error, and its help.
fn errors(workflow: &str) -> Vec<(String, usize, usize, String)> {
    let found = parse("w.yaml", workflow).expect_err("errors");
    let place = |e: &autoexec_engine::Diagnostic| e.place.map_or((0, 0), |p| (p.line, p.column));
    found
        .errors
        .iter()
        .map(|e| {
            (
                e.message.clone(),
                place(e).0,
                place(e).1,
                e.help.clone().unwrap_or_default(),
            )
        })
        .collect()
}

/// Exactly one error, at this line and column, whose message and help hold these texts.
#[track_caller]
fn check(workflow: &str, line: usize, column: usize, message: &str, help: &str) {
    let found = errors(workflow);
    assert_eq!(found.len(), 1, "{found:#?}");
    let (said, at_line, at_column, helped) = &found[0];
    assert_eq!((*at_line, *at_column), (line, column), "{found:?}");
    assert!(said.contains(message), "`{said}` lacks `{message}`");
    assert!(helped.contains(help), "`{helped}` lacks `{help}`");
}

#[test]
fn keys_and_types() {
    check(
        "stesp: []\nsteps: [{id: a, run: x}]",
        1,
        1,
        "unknown key `stesp`",
        "did you mean `steps`?",
    );
    check(
        "steps: [{id: a, run: x, tiemout: 5s}]",
        1,
        25,
        "unknown key `tiemout`",
        "`timeout`",
    );
    check(
        "steps: [{id: a, run: {shel: x}}]",
        1,
        23,
        "unknown key `shel`",
        "`shell`",
    );
    check(
        "steps: [{id: a, run: x, timeout: soon}]",
        1,
        34,
        "a duration such as",
        "",
    );
    check(
        "steps: [{id: a, run: x, priority: high}]",
        1,
        35,
        "an integer from 0 to 1000",
        "",
    );
    check(
        "steps: [{id: a, run: x, needs: {}}]",
        1,
        32,
        "expected a list",
        "",
    );
    check(
        "steps: [{id: a, run: x, class: gpu}]",
        1,
        32,
        "expected one of `cpu`, `io`, `memory`",
        "",
    );
    check(
        "name: 7\nsteps: [{id: a, run: x}]",
        1,
        7,
        "expected a string, found the integer `7`",
        "quotes",
    );
    check(
        "steps: [{id: 1a, run: x}]",
        1,
        14,
        "`1a` is not a name",
        "letters",
    );
    check(
        "steps: [{id: a, run: x, if: }]",
        1,
        25,
        "`if` has no value",
        "",
    );
    check(
        "steps: 5",
        1,
        8,
        "expected a list, found the integer `5`",
        "",
    );
    check(
        "- a\n- b",
        1,
        1,
        "expected a mapping (workflow), found a list",
        "",
    );
    check(
        "steps: [{run: x}]",
        1,
        9,
        "the key `id` is missing from this step",
        "",
    );
    check(
        "steps:\n- id: a\n  run: x\n  run: y",
        4,
        3,
        "`run` stands here a second time",
        "line 3",
    );
}

#[test]
fn actions() {
    check("steps: [{id: a}]", 1, 9, "has none of", "exactly one");
    check(
        "steps: [{id: a, run: x, ask: y}]",
        1,
        25,
        "`run` and `ask` cannot stand in one step",
        "",
    );
    check(
        "steps: [{id: a, call: {}}]",
        1,
        17,
        "`call` is refused: this version parses the action",
        "",
    );
    check("steps: [{id: a, plan: {}}]", 1, 17, "`plan` is refused", "");
    check(
        "steps: [{id: a, run: x, budget: 5}]",
        1,
        25,
        "`budget` is refused",
        "",
    );
    check(
        "steps: [{id: a, run: ''}]",
        1,
        22,
        "the command is empty",
        "",
    );
    check(
        "steps: [{id: a, run: []}]",
        1,
        22,
        "the command is empty",
        "",
    );
    check(
        "steps: [{id: a, ask: {prompt: x, provider: gpt}}]",
        1,
        44,
        "no provider `gpt`",
        "`extractive`",
    );
    check(
        "steps: [{id: a, read: ['[a']}]",
        1,
        24,
        "the glob `[a` is wrong",
        "",
    );
    check(
        "steps: [{id: r, read: x}, {id: a, search: {in: r, pattern: '('}}]",
        1,
        60,
        "regular expression is wrong",
        "",
    );
    check(
        "steps: [{id: r, run: x}, {id: a, search: {in: r, pattern: x}}]",
        1,
        47,
        "`r` is a `run` step",
        "",
    );
}

#[test]
fn the_graph() {
    check(
        "steps: [{id: a, run: x}, {id: a, run: y}]",
        1,
        31,
        "a second step has the id `a`",
        "line 1",
    );
    check(
        "steps: [{id: build, run: x}, {id: b, run: y, needs: biuld}]",
        1,
        53,
        "there is no step `biuld`",
        "`build`",
    );
    check(
        "steps: [{id: a, run: x, needs: a}]",
        1,
        32,
        "step `a` needs itself",
        "",
    );
    let cycle = "steps:\n- {id: a, run: x, needs: c}\n- {id: b, run: x, needs: a}\n- {id: c, run: x, needs: b}\n";
    let found = errors(cycle);
    assert_eq!(found.len(), 1);
    let circle = found[0].0.split(": ").nth(1).expect("the circle");
    let names: Vec<&str> = circle.split(" → ").collect();
    assert_eq!(names.first(), names.last());
    assert!(
        ["a → b → c → a", "b → c → a → b", "c → a → b → c"].contains(&circle),
        "{circle}"
    );
    check("name: x\nsteps: []", 2, 8, "the workflow has no steps", "");
    check("name: x", 1, 1, "the key `steps` is missing", "");
    check("", 0, 0, "the document is empty", "steps");
}

#[test]
fn expressions() {
    check(
        "steps: [{id: a, run: 'x ${{ inputs.rot }}'}]\ninputs: {root: .}",
        1,
        22,
        "unknown input `rot`",
        "`root`",
    );
    check(
        "steps: [{id: a, run: 'x ${{ stepz.b }}'}]",
        1,
        22,
        "unknown name `stepz`",
        "`steps`",
    );
    check(
        "steps: [{id: a, run: 'x ${{ steps.b.x }}'}]",
        1,
        22,
        "there is no step `b`",
        "",
    );
    check("steps: [{id: a, run: 'x ${{ 1 + }}'}]", 1, 22, "`1 +`", "");
    check(
        "steps: [{id: a, run: 'x ${{ 1'}]",
        1,
        22,
        "`${{` is not closed",
        "",
    );
    check(
        "steps: [{id: a, run: 'x ${{ item }}'}]",
        1,
        22,
        "only in a step with `foreach`",
        "",
    );
    check(
        "root: ${{ steps.a.stdout }}\nsteps: [{id: a, run: x}]",
        1,
        7,
        "before any step has run",
        "",
    );
    check(
        "steps: [{id: a, run: x, if: steps}]",
        1,
        29,
        "`steps` needs a name behind it",
        "",
    );
}

#[test]
fn paths_that_lead_out_are_refused_by_their_text() {
    check(
        "steps: [{id: a, read: ../x}]",
        1,
        23,
        "leads out of its folder",
        "",
    );
    check(
        "steps: [{id: a, read: [a/../../x]}]",
        1,
        24,
        "leads out of its folder",
        "",
    );
    check(
        "steps: [{id: a, read: /etc/passwd}]",
        1,
        23,
        "is absolute",
        "",
    );
    check(
        "steps: [{id: a, run: {shell: x, cwd: ..}}]",
        1,
        38,
        "leads out of its folder",
        "",
    );
    check(
        "steps: [{id: r, read: x}, {id: a, consolidate: {from: r, output: ../o}}]",
        1,
        66,
        "leads out",
        "",
    );
}

#[test]
fn one_pass_tells_all_errors() {
    let workflow = "nmae: x\nsteps:\n- {id: a, run: x, needs: nope}\n- {id: a, raed: y}\n- {id: c, run: '${{ zebra }}', timeout: soon}\n";
    let found: Vec<(usize, usize)> = errors(workflow).iter().map(|e| (e.1, e.2)).collect();
    assert!(found.is_sorted());
    let lines: Vec<usize> = found.iter().map(|e| e.0).collect();
    for line in [1, 3, 4, 5] {
        assert!(lines.contains(&line), "{found:?}");
    }
}

#[test]
fn equal_meaning_has_one_canonical_form() {
    let short = "steps:\n- {id: a, read: x.md}\n- {id: b, run: 'echo ${{steps.a.count}}', timeout: 90, retry: 2}\n";
    let long = "
on_failure: stop
root: '.'
env: {}
steps:
  - read:
      allow_empty: false
      files: ['x.md']
    class: io
    id: a
  - retry: {attempts: 2, backoff: 1000ms, factor: 2}
    needs: [a]
    timeout: 1m 30s
    priority: 5
    run:
      shell: echo ${{  steps.a.count  }}
    id: b
";
    let canonical = |text| {
        parse("w.yaml", text)
            .unwrap_or_else(|e| panic!("{e}"))
            .canonical()
    };
    assert_eq!(canonical(short), canonical(long));
    assert_ne!(canonical(short), canonical(&short.replace("90", "91")));
}

#[test]
fn what_has_no_meaning_where_it_stands() {
    let step = "\nsteps: [{id: a, run: x}]";
    let check_head =
        |head: &str, column, message| check(&format!("{head}{step}"), 1, column, message, "");
    check_head(
        "env: {X: \"${{ exists('x') }}\"}",
        10,
        "before the root is known",
    );
    check_head("root: ${{ success() }}", 7, "tell of the needed steps");
    check_head(
        "outputs: {ok: '${{ failure() }}'}",
        15,
        "tell of the needed steps",
    );
    check_head("inputs: {x: '${{ env.HOME }}'}", 13, "taken as it is");
    check_head("outputs: {x: '${{ steps.b.x }}'}", 14, "no step `b`");
    check(
        "steps: [{id: a, foreach: [1], if: item == 1, run: x}]",
        1,
        35,
        "evaluated once",
        "",
    );
    check(
        "steps:\n- id: a\n  run:\n  - echo\n  - ok\n  - ${{ zebra }}\n",
        6,
        5,
        "unknown name `zebra`",
        "",
    );
    let long = format!(
        "steps: [{{id: a, run: x, if: '{}1'}}]",
        "1+".repeat(100_000)
    );
    check(&long, 1, 29, "more than 2048", "");
}

#[test]
fn thousands_of_errors_are_told_without_comparing_all_names() {
    let steps: String = (0..3000)
        .map(|i| format!("- {{id: s{i}, run: x, needs: nope{i}}}\n"))
        .collect();
    let found = errors(&format!("steps:\n{steps}"));
    assert_eq!(found.len(), 3000);
    assert!(
        found[2999].3.is_empty(),
        "no nearest name is looked for among thousands of errors"
    );
}

#[test]
fn canonical_forms_of_inputs_and_codes() {
    let canonical = |text: &str| {
        parse("w.yaml", text)
            .unwrap_or_else(|e| panic!("{e}"))
            .canonical()
    };
    let codes = |list: &str| {
        canonical(&format!(
            "steps: [{{id: a, run: {{shell: x, success_codes: {list}}}}}]"
        ))
    };
    assert_eq!(codes("[1, 0, 1]"), codes("[0, 1]"));
    assert_eq!(codes("3"), codes("[3]"));
    let input = |value: &str| {
        canonical(&format!(
            "inputs: {{x: {value}}}\nsteps: [{{id: a, run: x}}]"
        ))
    };
    assert_eq!(input("true"), input("{default: true, type: boolean}"));
    assert_ne!(input("true"), input("'true'"));
    assert_eq!(input("0755"), input("'0755'"));
    assert_ne!(input("0755"), input("755"));
}

#[test]
fn what_cannot_work_is_told_before_anything_runs() {
    let step = "steps: [{id: s, run: x}, {id: a, run: ";
    check(
        &format!("{step}'${{{{ steps.s.output }}}}'}}]"),
        1,
        39,
        "a `run` step yields no `output`",
        "",
    );
    check(
        &format!("{step}'${{{{ steps.s.sdtout }}}}'}}]"),
        1,
        39,
        "yields no `sdtout`",
        "`stdout`",
    );
    check(
        &format!("{step}'${{{{ 1 | toupper }}}}'}}]"),
        1,
        39,
        "no filter `toupper`",
        "",
    );
    check(
        "steps: [{id: a, run: x, timeout: 0}]",
        1,
        34,
        "a timeout of nothing",
        "",
    );
    check(
        "steps: [{id: a, read: x, env: {A: b}}]",
        1,
        31,
        "`env` is for commands",
        "",
    );
    check(
        "inputs: {b-c: 1}\nsteps: [{id: a, run: x}]",
        1,
        10,
        "`b-c` is not a name",
        "",
    );
    check(
        "inputs: {b: {type: number, default: x}}\nsteps: [{id: a, run: x}]",
        1,
        37,
        "not of the input's type",
        "",
    );
    check(
        "env: {'A=B': 1}\nsteps: [{id: a, run: x}]",
        1,
        7,
        "`A=B` is not the name",
        "",
    );
    let two = "steps:\n- {id: r, read: x}\n- {id: a, consolidate: {from: r, output: o.md}}\n- {id: b, consolidate: {from: r, output: ./o.md}}\n";
    check(two, 4, 42, "step `a` writes `./o.md` too", "");
    let wide = "steps:\n- {id: r, read: x}\n- {id: a, foreach: [1, 2], consolidate: {from: r, output: o.md}}\n";
    check(wide, 3, 59, "every task would write `o.md`", "");
    let itself = "steps:\n- {id: r, read: x}\n- {id: a, consolidate: {from: r, output: o.md, write_baseline: ./o.md}}\n";
    check(itself, 3, 64, "this step writes `./o.md` twice", "");
    let ring: String = (0..1000)
        .map(|i| format!("- {{id: s{i}, run: x, needs: s{}}}\n", (i + 1) % 1000))
        .collect();
    assert!(errors(&format!("steps:\n{ring}"))[0].0.len() < 200);
}

/// Options that belong to one action, and what they may be.
#[test]
fn caches_briefs_and_baselines() {
    check(
        "steps: [{id: a, run: x, cache: false}]",
        1,
        32,
        "`cache` is for questions; a `run` step has none",
        "",
    );
    check(
        "steps: [{id: a, ask: x, cache: sometimes}]",
        1,
        32,
        "expected `true` or `false`",
        "",
    );
    let consolidate = |options: &str| {
        format!("steps:\n- {{id: r, read: x}}\n- {{id: c, consolidate: {{from: r, {options}}}}}\n")
    };
    let one = |options: &str, column: usize, message: &str, help: &str| {
        check(&consolidate(options), 3, column, message, help);
    };
    let similar = "expected `true`, `false` or a number from 0.5 to 1";
    one("similar: 0.4", 43, similar, "");
    one("similar: 2", 43, similar, "");
    one("similar: yes please", 43, similar, "");
    one("brief: 0", 41, "expected an integer from 1", "");
    one("simlar: true", 34, "unknown key `simlar`", "`similar`");
    one("baseline: /etc/passwd", 44, "absolute", "");
    one("baseline: ../b", 44, "leads out of its folder", "");
    one("write_baseline: ../b", 50, "leads out of its folder", "");
    let uses = |options: &str| {
        let outputs = "outputs: {n: '${{ steps.c.new }}'}\n";
        format!("{outputs}{}", consolidate(options))
    };
    let none = uses("brief: 10");
    check(&none, 1, 14, "a `consolidate` step yields no `new`", "");
    assert!(parse("w.yaml", &uses("baseline: b.json")).is_ok());
    for similar in ["true", "false", "0.5", "1", "0.85"] {
        assert!(parse("w.yaml", &consolidate(&format!("similar: {similar}"))).is_ok());
    }
}
