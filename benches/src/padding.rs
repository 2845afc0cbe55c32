//! Code that does nothing but move other code.
//!
//! Where a loop lies in memory changes how fast it runs, by a tenth in bad cases, and anything may
//! move it. `cargo xtask regress` therefore links a suspect again with `AUTOEXEC_PADDING` set to
//! other numbers when the benches are compiled, each of which makes this function so many hundred bytes long.

/// A function `padding` in the bench binary itself, in front of the libraries, of a length that
/// follows from `AUTOEXEC_PADDING`.
#[doc(hidden)]
#[macro_export]
macro_rules! padded {
    () => {
        /// As long as `AUTOEXEC_PADDING` says; never called.
        #[inline(never)]
        fn padding(mut state: u64) -> u64 {
            const BLOCKS: usize = $crate::blocks(option_env!("AUTOEXEC_PADDING"));
            $crate::padded!(@block state BLOCKS 1);
            $crate::padded!(@block state BLOCKS 2);
            $crate::padded!(@block state BLOCKS 3);
            $crate::padded!(@block state BLOCKS 4);
            $crate::padded!(@block state BLOCKS 5);
            $crate::padded!(@block state BLOCKS 6);
            $crate::padded!(@block state BLOCKS 7);
            $crate::padded!(@block state BLOCKS 8);
            state
        }
    };
    // Each use of `black_box` and each constant takes some bytes: eight steps make up a hundred or more.
    (@block $state:ident $blocks:ident $number:literal) => {
        if $blocks >= $number {
            $crate::padded!(@steps $state $number 3 5 7 11 13 17 19 23);
        }
    };
    (@steps $state:ident $number:literal $($step:literal)+) => {
        $($state = ::std::hint::black_box($state ^ ($number * 0x0123_4567_89ab_0000 + $step)).rotate_left($step);)+
    };
}

/// The number in an environment variable of the build; none is 0, and so is nonsense.
#[doc(hidden)]
pub const fn blocks(text: Option<&str>) -> usize {
    match text {
        Some(text) => match text.as_bytes() {
            [digit @ b'0'..=b'8'] => (*digit - b'0') as usize,
            _ => 0,
        },
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn padding_is_a_digit_up_to_eight() {
        let cases = [
            None,
            Some("0"),
            Some("3"),
            Some("8"),
            Some("9"),
            Some("12"),
            Some(""),
        ];
        assert_eq!(cases.map(blocks), [0, 0, 3, 8, 0, 0, 0]);
    }
}
