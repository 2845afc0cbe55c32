//! A strict reader of OpenMetrics text, written from the grammar and the rules of the specification
//! (version 1.0), without a look at what writes it.

use std::collections::{BTreeMap, BTreeSet};

/// One metric family with its samples in their order.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) samples: Vec<Sample>,
}

/// One line with a number.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
    /// The number as it stands there.
    pub(crate) text: String,
}

/// Reads a whole exposition, or says in which line and why it is none.
pub(crate) fn read(text: &str) -> Result<Vec<Family>, String> {
    let body = text
        .strip_suffix("# EOF\n")
        .ok_or("does not end in # EOF")?;
    if !(body.is_empty() || body.ends_with('\n')) {
        return Err("a line before # EOF has no end".into());
    }
    let mut families: Vec<Family> = Vec::new();
    for line in body.split_terminator('\n') {
        let result = match line.strip_prefix("# ") {
            Some(descriptor) => describe(&mut families, descriptor),
            None => sample(&mut families, line),
        };
        result.map_err(|why| format!("{why}: {line:?}"))?;
    }
    families.iter().try_for_each(check_family)?;
    check_clashes(&families)?;
    Ok(families)
}

fn describe(families: &mut Vec<Family>, text: &str) -> Result<(), String> {
    let (what, rest) = text.split_once(' ').ok_or("no keyword")?;
    let (name, rest) = rest.split_once(' ').ok_or("no name or value")?;
    metric_name(name)?;
    if families.last().is_none_or(|last| last.name != name) {
        if families.iter().any(|family| family.name == name) {
            return Err("a family goes on after another".into());
        }
        let name = name.to_owned();
        families.push(Family {
            name,
            kind: "unknown".into(),
            ..Family::default()
        });
    }
    let family = families.last_mut().expect("because one was just pushed");
    if !family.samples.is_empty() {
        return Err("a descriptor after samples".into());
    }
    match what {
        "TYPE" => {
            const KINDS: [&str; 8] = [
                "counter",
                "gauge",
                "histogram",
                "gaugehistogram",
                "stateset",
                "info",
                "summary",
                "unknown",
            ];
            if family.kind != "unknown" || !KINDS.contains(&rest) {
                return Err("a second type or one that does not exist".into());
            }
            family.kind = rest.into();
        }
        "UNIT" => {
            if !rest.chars().all(|c| name_char(c) || c.is_ascii_digit()) {
                return Err("no unit".into());
            }
            if family.unit.replace(rest.into()).is_some() {
                return Err("a second unit".into());
            }
        }
        "HELP" => {
            let (help, rest) = escaped_string(rest)?;
            if !rest.is_empty() || family.help.replace(help).is_some() {
                return Err("a second help or a bare quote".into());
            }
        }
        _ => return Err("an unknown keyword".into()),
    }
    Ok(())
}

fn sample(families: &mut [Family], line: &str) -> Result<(), String> {
    let end = line.find(['{', ' ']).ok_or("no number")?;
    let name = &line[..end];
    metric_name(name)?;
    let (labels, rest) = match line[end..].strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), &line[end..]),
    };
    let text = rest.strip_prefix(' ').ok_or("no blank before the number")?;
    let value = number(text)?;
    let family = families.last_mut().ok_or("a sample without a family")?;
    let suffix = name
        .strip_prefix(&family.name)
        .ok_or("a sample of another family")?;
    if !suffixes(&family.kind).contains(&suffix) {
        return Err("a sample name that the type does not have".into());
    }
    let (name, text) = (name.to_owned(), text.to_owned());
    family.samples.push(Sample {
        name,
        labels,
        value,
        text,
    });
    Ok(())
}

fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total", "_created"],
        "histogram" => &["_bucket", "_count", "_sum", "_created"],
        _ => &[""],
    }
}

/// `labels` after the brace; gives what follows the closing one.
fn labels(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((found, rest));
    }
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("a label without a value")?;
        label_name(name)?;
        let (value, after) = escaped_string(after)?;
        let after = after.strip_prefix('"').ok_or("an open quote")?;
        if found.insert(name.to_owned(), value).is_some() {
            return Err(format!("label {name} twice"));
        }
        rest = match (after.strip_prefix(','), after.strip_prefix('}')) {
            (Some(next), _) => next,
            (_, Some(end)) => return Ok((found, end)),
            _ => return Err("no comma or brace after a label".into()),
        };
    }
}

/// `escaped-string`, up to a quote that is not escaped or the end.
fn escaped_string(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                other => return Err(format!("an escape {other:?}")),
            },
            c => value.push(c),
        }
    }
    Ok((value, ""))
}

fn name_char(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':'
}

fn metric_name(name: &str) -> Result<(), String> {
    let rest = name
        .strip_prefix(name_char)
        .ok_or("a name that begins wrongly")?;
    match rest.chars().all(|c| name_char(c) || c.is_ascii_digit()) {
        true => Ok(()),
        false => Err("a name with a forbidden character".into()),
    }
}

/// Colons are for metric names only, and a leading underscore is reserved.
fn label_name(name: &str) -> Result<(), String> {
    metric_name(name)?;
    match name.contains(':') || name.starts_with('_') {
        true => Err("a reserved label name".into()),
        false => Ok(()),
    }
}

/// `realnumber`, or `+Inf`, `-Inf`, `NaN`.
fn number(text: &str) -> Result<f64, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "Inf" || text == "NaN" {
        return text.parse().map_err(|_| "no number".into());
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    let good = digits(whole)
        && digits(part)
        && !(whole.is_empty() && part.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e));
    let value = text.parse().ok().filter(|_| good);
    value.ok_or_else(|| format!("{text:?} is no number"))
}

fn check_family(family: &Family) -> Result<(), String> {
    let name = &family.name;
    let unit = family.unit.as_ref().filter(|unit| !unit.is_empty());
    if unit.is_some_and(|unit| !name.ends_with(&format!("_{unit}"))) {
        return Err(format!("{name} does not end in its unit"));
    }
    let mut known = BTreeSet::new();
    for sample in &family.samples {
        if !known.insert((&sample.name, &sample.labels)) {
            return Err(format!("a sample of {name} twice: {sample:?}"));
        }
    }
    match family.kind.as_str() {
        "counter" => match family
            .samples
            .iter()
            .find(|s| s.value.is_nan() || s.value < 0.0)
        {
            Some(sample) => Err(format!("a counter below zero: {sample:?}")),
            None => Ok(()),
        },
        "histogram" => check_histogram(family),
        _ => Ok(()),
    }
}

/// The samples of one metric stand together: its buckets, ascending, up to all, then count and sum.
fn check_histogram(family: &Family) -> Result<(), String> {
    let mut ended: BTreeSet<BTreeMap<String, String>> = BTreeSet::new();
    let mut rest = &family.samples[..];
    while let Some(first) = rest.first() {
        let own = without_le(first);
        let n = rest.iter().take_while(|s| without_le(s) == own).count();
        check_metric(&family.name, &rest[..n])?;
        if !ended.insert(own) {
            return Err(format!("a metric of {} is torn apart", family.name));
        }
        rest = &rest[n..];
    }
    Ok(())
}

fn without_le(sample: &Sample) -> BTreeMap<String, String> {
    let mut labels = sample.labels.clone();
    if sample.name.ends_with("_bucket") {
        labels.remove("le");
    }
    labels
}

fn check_metric(name: &str, samples: &[Sample]) -> Result<(), String> {
    let named = |suffix: &str| {
        let name = format!("{name}{suffix}");
        samples
            .iter()
            .filter(move |s| s.name == name)
            .collect::<Vec<_>>()
    };
    let buckets = named("_bucket");
    let (mut below, mut last) = (f64::NEG_INFINITY, 0.0);
    for bucket in &buckets {
        let le = bucket.labels.get("le").ok_or("a bucket without le")?;
        let le = number(le)?;
        let whole = bucket.text.bytes().all(|b| b.is_ascii_digit());
        if !whole || le.is_nan() || le <= below || bucket.value < last {
            return Err(format!("a bucket out of order: {bucket:?}"));
        }
        (below, last) = (le, bucket.value);
    }
    let (count, sum) = (named("_count"), named("_sum"));
    match (&count[..], &sum[..]) {
        ([count], [sum]) if below == f64::INFINITY && count.value == last && sum.value >= 0.0 => {
            Ok(())
        }
        _ => Err(format!(
            "count, sum and the last bucket of {name} do not agree"
        )),
    }
}

/// No family's possible samples may have the name of another's.
fn check_clashes(families: &[Family]) -> Result<(), String> {
    let mut taken = BTreeSet::new();
    for family in families {
        let all = suffixes(&family.kind).iter().chain(&[""]);
        let own: BTreeSet<String> = all.map(|s| format!("{}{s}", family.name)).collect();
        for name in own {
            if !taken.insert(name.clone()) {
                return Err(format!("{name} may be a sample of two families"));
            }
        }
    }
    Ok(())
}
