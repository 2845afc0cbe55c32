//! Numbers and changes in words.

use super::Change;

/// `1,234,567`
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// `1.5 MiB`, in the unit in which it is at least 1.
pub(super) fn bytes(number: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, shift)| number >> shift > 0) {
        Some((unit, shift)) => format!("{:.1} {unit}", number as f64 / (1_u64 << shift) as f64),
        None => format!("{number} B"),
    }
}

/// `54.5 %`
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `raise max_entries from 128 to 2,000 and max_bytes from …`; what to do in place of it where there is no change.
pub(super) fn changes(changes: &[Change], otherwise: &str) -> String {
    let Some(first) = changes.first() else {
        return otherwise.to_owned();
    };
    let verb = if first.to > first.from {
        "raise"
    } else {
        "lower"
    };
    let all: Vec<String> = changes.iter().map(Change::to_string).collect();
    format!("{verb} {}", all.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let counts = [0, 999, 1_000, 262_144, 1_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "262,144", "1,000,000"]);
        let sizes = [0, 1_023, 1_024, 3 << 19, 64 << 20, 5 << 29].map(bytes);
        assert_eq!(
            sizes,
            ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "64.0 MiB", "2.5 GiB"]
        );
        assert_eq!(percent(0.5451), "54.5 %");
    }
}
