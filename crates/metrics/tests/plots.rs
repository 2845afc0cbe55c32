//! Every plot and page, whatever it is given, is well-formed and refers to nothing outside; so is the
//! report of a snapshot that is made of them.

use autoexec_metrics::plot::{
    Bin, Effect, Series, bars, escape, forest, histogram, lines, page, quantiles, sparkline, table,
};
use autoexec_metrics::report::html::Chart;
use autoexec_metrics::{Distribution, Key, Snapshot, Unit};
use proptest::prelude::*;

/// The tags of a text without a document type, checked for balance, quoted attributes and escapes.
fn well_formed(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        content(&rest[..at])?;
        let end = tag_end(&rest[at..]).ok_or("a tag without an end")?;
        let tag = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes something else"));
            }
        } else if !tag.ends_with('/') && !["meta", "br"].contains(&name) {
            attributes(tag)?;
            open.push(name);
        }
    }
    content(rest)?;
    match open.pop() {
        Some(name) => Err(format!("<{name}> stays open")),
        None => Ok(()),
    }
}

/// The first `>` that is not inside quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn attributes(tag: &str) -> Result<(), String> {
    for (n, part) in tag.split('"').enumerate() {
        match n % 2 {
            0 if n > 0 && !part.is_empty() && !part.starts_with([' ', '/']) => {
                return Err(format!("{part:?} follows a value in <{tag}>"));
            }
            1 => content(part)?,
            _ => {}
        }
    }
    Ok(())
}

fn content(text: &str) -> Result<(), String> {
    const KNOWN: [&str; 5] = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    let bare = text
        .split('&')
        .skip(1)
        .find(|rest| !KNOWN.iter().any(|known| rest.starts_with(known)));
    if let Some(rest) = bare {
        return Err(format!("a bare & before {rest:?}"));
    }
    match text
        .chars()
        .find(|&c| c == '<' || (c.is_control() && c != '\n' && c != '\t'))
    {
        Some(c) => Err(format!("{c:?} in {text:?}")),
        None => Ok(()),
    }
}

#[track_caller]
fn check_svg(svg: &str) {
    well_formed(svg).unwrap_or_else(|e| panic!("{e} in {svg}"));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains(r#" role="img" aria-label=""#));
    check_self_contained(svg);
}

#[track_caller]
fn check_self_contained(text: &str) {
    let text = text.replace(r#"xmlns="http://www.w3.org/2000/svg""#, "");
    for forbidden in [
        "<script", "<link", "<img", "@import", "href=", "src=", "url(",
    ] {
        assert!(!text.contains(forbidden), "{forbidden} in {text}");
    }
}

#[test]
fn the_checker_refuses_what_is_broken() {
    for broken in [
        "<svg>",
        "<a></b>",
        "<a x=\"1\"y=\"2\"></a>",
        "<a>&b</a>",
        "<a>\u{1}</a>",
        "</a>",
        "<a",
    ] {
        assert!(well_formed(broken).is_err(), "{broken}");
    }
    well_formed("<a x=\"&lt;&gt;\" y=\"\"><b/>c&amp;</a>").unwrap();
}

#[test]
fn a_page_serves_light_and_dark_and_phones_without_a_script() {
    let html = page(
        "<script>alert(1)</script>",
        &table(&["a", "b"], &[vec!["&".to_owned()]]),
    );
    let body = html.strip_prefix("<!doctype html>\n").unwrap();
    well_formed(body).unwrap();
    assert!(html.contains("prefers-color-scheme:dark") && html.contains("width=device-width"));
    assert!(!html.contains("<script"));
    assert!(html.contains("<h1>&lt;script&gt;"));
}

#[test]
fn a_report_shows_tables_charts_and_distributions() {
    let mut snapshot = Snapshot::default();
    for n in 0..42 {
        let values = Distribution::of(Unit::Seconds, &[n * 1_000, 5_000_000]);
        let key = Key::new("step", &[("id", &n.to_string())]);
        snapshot.timers.insert(key, values);
    }
    let tokens = Distribution::of(Unit::Tokens, &[100, 7]);
    snapshot.histograms.insert(Key::from("tokens"), tokens);
    let once = Distribution::of(Unit::Count, &[3, 3]);
    snapshot.histograms.insert(Key::from("alike"), once);
    snapshot.gauges.insert(Key::from("<b>"), 0.5);
    let series = [Series {
        name: "rss",
        points: &[(0.0, 1.0), (1.0, 2.0)],
    }];
    let chart = Chart {
        title: "Memory",
        x_label: "time (s)",
        y_label: "MB",
        series: &series,
    };
    let html = snapshot.html("Run & more", &[chart]);
    well_formed(html.strip_prefix("<!doctype html>\n").unwrap()).unwrap();
    check_self_contained(&html);
    // One chart; of the 42 timers 40, and the histogram, with two plots each.
    assert_eq!(html.matches("<svg ").count(), 1 + 2 * 40 + 2);
    assert!(html.contains("In the table only: 2."));
    // The one whose values are all alike.
    assert!(html.contains("In the table only: 1."));
    assert_eq!(html.matches("<tr><td>step{").count(), 42);
    assert!(html.contains("<td>&lt;b&gt;</td><td>0.5</td>"));
    assert!(html.contains("<td>107 tok</td>"));
    let empty = Snapshot::default().html("Nothing", &[]);
    assert!(empty.contains("Nothing was recorded.") && !empty.contains("<svg"));
}

#[test]
fn the_same_input_gives_the_same_plot() {
    let series = [Series {
        name: "s",
        points: &[(0.0, 1.0), (1.0, 3.0)],
    }];
    assert_eq!(lines("t", "x", "y", &series), lines("t", "x", "y", &series));
}

/// Any number, the awkward ones often.
fn number() -> impl Strategy<Value = f64> {
    let awkward = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        1.0,
    ];
    prop_oneof![
        any::<f64>(),
        -1e3..1e3,
        prop::sample::select(awkward.to_vec())
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,60}",
        prop::sample::select(vec!["<x y=\"'&>".to_owned(), "\u{0}\u{1b}[31m".to_owned()])
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_numbers_and_names_give_well_formed_plots(
        title in name(),
        names in prop::collection::vec(name(), 0..8),
        points in prop::collection::vec((number(), number()), 0..90),
        low in number(),
        high in number(),
        count in any::<u64>(),
    ) {
        let half = points.len() / 2;
        let series: Vec<Series<'_>> = names.iter().enumerate().map(|(n, name)| {
            let points = if n % 2 == 0 { &points[..half] } else { &points[half..] };
            Series { name, points }
        }).collect();
        check_svg(&lines(&title, &title, &title, &series));
        let effects: Vec<Effect<'_>> = names.iter().zip(&points).map(|(name, &(a, b))| {
            Effect { name, low: a, estimate: b, high: low, highlight: b > 0.0 }
        }).collect();
        check_svg(&forest(&title, &title, &effects));
        let values: Vec<(&str, f64)> = names.iter().zip(&points).map(|(name, p)| (&**name, p.0)).collect();
        check_svg(&bars(&title, &title, &values));
        let bins = [Bin { low, high, count }, Bin { low: high, high: low, count: 1 }];
        check_svg(&histogram(&title, &title, &bins));
        check_svg(&quantiles(&title, &title, &points));
        let ys: Vec<f64> = points.iter().map(|p| p.1).collect();
        prop_assert_eq!(sparkline(&ys).chars().count(), ys.len());
        prop_assert!(well_formed(&escape(&title)).is_ok());
    }

    #[test]
    fn places_are_finite_and_on_the_canvas(points in prop::collection::vec((number(), number()), 1..50)) {
        let svg = lines("t", "x", "y", &[Series { name: "s", points: &points }]);
        for attribute in ["cx=\"", "cy=\"", "x1=\"", "y2=\""] {
            for (at, _) in svg.match_indices(attribute) {
                let text = svg[at + attribute.len()..].split('"').next().unwrap();
                let place: f64 = text.parse().unwrap();
                prop_assert!((0.0..=480.0).contains(&place), "{attribute}{text}");
            }
        }
    }
}
