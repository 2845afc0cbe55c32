//! Durations and sizes as people write them.

use std::time::Duration;

/// Parses `500ms`, `1m 30s`, `2h`; a bare number is seconds.
///
/// # Errors
/// A sentence saying what is expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let trimmed = text.trim();
    let given = match trimmed.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string()),
        Err(_) => humantime::parse_duration(trimmed).map_err(|e| e.to_string()),
    };
    match given {
        Ok(d) if d <= Duration::from_secs(366 * 86_400) => Ok(d),
        Ok(_) => Err("a duration of at most a year".into()),
        Err(_) => Err("a duration such as `500ms`, `30s` or `1m 30s`".into()),
    }
}

/// The one way to write a duration: `1m 30s`. Parses back to the same duration.
pub fn format_duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A duration for people, three digits at most: `812 µs`, `3.40 s`, `2m 05s`.
pub fn short_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    match duration.as_secs() {
        0 if nanos < 1e3 => format!("{nanos:.0} ns"),
        0 if nanos < 1e6 => format!("{} µs", three_digits(nanos / 1e3)),
        0 => format!("{} ms", three_digits(nanos / 1e6)),
        1..120 => format!("{} s", three_digits(duration.as_secs_f64())),
        s if s < 7200 => format!("{}m {:02}s", s / 60, s % 60),
        s => format!("{}h {:02}m", s / 3600, s % 3600 / 60),
    }
}

fn three_digits(number: f64) -> String {
    match number {
        n if n < 9.995 => format!("{n:.2}"),
        n if n < 99.95 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Parses `10 MiB`, `64KB`, `4096` into bytes.
///
/// # Errors
/// A sentence saying what is expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let expected = || "a size such as `4096`, `64 KiB` or `10 MB`".to_owned();
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..split].parse().map_err(|_| expected())?;
    let unit = match text[split..].trim() {
        "" => 1,
        name => {
            UNITS
                .iter()
                .find(|(u, _)| *u == name)
                .ok_or_else(expected)?
                .1
        }
    };
    let bytes = number * unit as f64;
    if bytes.fract() != 0.0 || bytes > (1u64 << 53) as f64 {
        return Err(expected());
    }
    Ok(bytes as u64)
}

/// The one way to write a size: the largest binary unit that divides it.
pub fn format_size(bytes: u64) -> String {
    for (name, unit) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    format!("{bytes} B")
}

/// A size for people, three digits at most: `1.21 MiB`.
pub fn short_size(bytes: u64) -> String {
    for (name, unit) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= unit {
            return format!("{} {name}", three_digits(bytes as f64 / unit as f64));
        }
    }
    format!("{bytes} B")
}

/// A number for people, its thousands apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 file`, `1,234 files`.
pub fn many(number: u64, one: &str, more: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { more }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations() {
        let check = |text: &str, millis: u64| {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            )
        };
        check("500ms", 500);
        check("1m 30s", 90_000);
        check("90", 90_000);
        check("0.5", 500);
        for bad in ["", "soon", "-1s", "-5", "1e300", "9999999h", "nan"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        let check = |text: &str, bytes: u64| assert_eq!(parse_size(text), Ok(bytes), "{text}");
        check("4096", 4096);
        check("10 MiB", 10 << 20);
        check("1.5KiB", 1536);
        check("10 MB", 10_000_000);
        for bad in ["", "-1", "ten", "1 XB", "1.0001 KiB", "9999999999999 GiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shown_with_three_digits() {
        assert_eq!(short_duration(Duration::from_nanos(812)), "812 ns");
        assert_eq!(short_duration(Duration::from_micros(9_999)), "10.0 ms");
        assert_eq!(short_duration(Duration::from_millis(3_400)), "3.40 s");
        assert_eq!(short_duration(Duration::from_secs(125)), "2m 05s");
        assert_eq!(short_size(1_269_000), "1.21 MiB");
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    proptest! {
        #[test]
        fn what_is_written_parses_back(millis in 0u64..1 << 33, bytes in 0u64..1 << 50) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
    }
}
