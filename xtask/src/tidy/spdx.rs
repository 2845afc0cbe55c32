//! Licence expressions: `MIT OR Apache-2.0`, `(A AND B) OR C`, `Apache-2.0 WITH LLVM-exception`.
//!
//! Grammar of the SPDX specification, annex D; `AND` binds tighter than `OR`. The old `MIT/Apache-2.0`
//! of crates.io counts as `OR`.

/// Whether an expression can be satisfied by licences that `allowed` accepts.
///
/// # Errors
/// A text that is no expression, with what is wrong about it.
pub(super) fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut parser = Parser {
        words: spaced.split_whitespace().collect(),
        at: 0,
        allowed,
    };
    let answer = parser.any()?;
    match parser.peek() {
        None => Ok(answer),
        Some(rest) => Err(format!("unexpected `{rest}`")),
    }
}

struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
    allowed: &'a dyn Fn(&str) -> bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn next_is(&mut self, word: &str) -> bool {
        let is = self.peek() == Some(word);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<bool, String> {
        let mut answer = self.all()?;
        while self.next_is("OR") {
            answer |= self.all()?;
        }
        Ok(answer)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut answer = self.one()?;
        while self.next_is("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.next_is("(") {
            let answer = self.any()?;
            return if self.next_is(")") {
                Ok(answer)
            } else {
                Err("missing `)`".to_owned())
            };
        }
        let name = self.name()?;
        if self.next_is("WITH") {
            // An exception only adds permissions: the licence alone decides.
            self.name()?;
        }
        Ok((self.allowed)(name))
    }

    fn name(&mut self) -> Result<&'a str, String> {
        match self.peek() {
            None => Err("it ends too early".to_owned()),
            Some(word @ ("AND" | "OR" | "WITH" | "(" | ")")) => Err(format!("unexpected `{word}`")),
            Some(word) => {
                self.at += 1;
                Ok(word)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    fn check(expression: &str, expect: Result<bool, ()>) {
        let allowed = |name: &str| matches!(name, "MIT" | "Apache-2.0");
        assert_eq!(
            satisfied(expression, &allowed).map_err(drop),
            expect,
            "{expression}"
        );
    }

    #[test]
    fn expressions_are_evaluated() {
        check("MIT", Ok(true));
        check("GPL-3.0", Ok(false));
        check("MIT OR GPL-3.0", Ok(true));
        check("MIT AND GPL-3.0", Ok(false));
        check("GPL-3.0/MIT", Ok(true));
        check("Apache-2.0 WITH LLVM-exception", Ok(true));
        check("GPL-3.0 WITH Classpath-exception-2.0", Ok(false));
        // AND binds tighter than OR.
        check("MIT OR GPL-3.0 AND GPL-2.0", Ok(true));
        check("(MIT OR GPL-3.0) AND GPL-2.0", Ok(false));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for bad in [
            "",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT Apache-2.0",
            "AND MIT",
            "MIT WITH",
        ] {
            check(bad, Err(()));
        }
    }
}
