//! Running iterations when another process says so, so that two builds can take turns.

use std::io::{self, BufRead, Write};

use crate::bencher::Bencher;

/// Says `ready`; then, for each line that holds a number, runs so many iterations and answers with
/// nanoseconds by the clock of the thread, of the process and of the wall.
///
/// Ends with its input. A line that is no number above zero ends it, too, and is the error.
pub(crate) fn serve(
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    benchmark: &mut dyn FnMut(&mut Bencher),
) -> io::Result<()> {
    tell(out, "ready")?;
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let iterations = match line.trim().parse() {
            Ok(number) if number > 0 => number,
            _ => {
                return Err(invalid(format!(
                    "expected a number above zero, not `{}`",
                    line.trim()
                )));
            }
        };
        line.clear();
        let times = Bencher::run(iterations, benchmark)
            .ok_or_else(|| invalid("the benchmark measured nothing".to_owned()))?;
        let answer = format!("{} {} {}", times.thread_ns, times.process_ns, times.wall_ns);
        tell(out, &answer)?;
    }
    Ok(())
}

fn tell(out: &mut dyn Write, line: &str) -> io::Result<()> {
    writeln!(out, "{line}").and_then(|()| out.flush())
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Times;

    fn served(input: &str) -> (io::Result<()>, String) {
        let mut out = Vec::new();
        let mut benchmark = |b: &mut Bencher| {
            b.iter_custom(|rounds| Times {
                thread_ns: rounds,
                process_ns: 2 * rounds,
                wall_ns: 3 * rounds,
            });
        };
        let result = serve(&mut input.as_bytes(), &mut out, &mut benchmark);
        (result, String::from_utf8(out).expect("it is text"))
    }

    #[test]
    fn each_number_is_answered_until_the_input_ends() {
        let (result, said) = served("1\n20\n");
        assert!(result.is_ok());
        assert_eq!(said, "ready\n1 2 3\n20 40 60\n");
    }

    #[test]
    fn what_is_no_number_ends_it() {
        for bad in ["x\n", "0\n", "-1\n", "\n", "1.5\n"] {
            let (result, said) = served(bad);
            assert!(result.is_err(), "{bad:?} was taken");
            assert_eq!(said, "ready\n");
        }
    }
}
