//! What an objective may return.

/// What was measured at a candidate. Implemented for one value (`f64`), for several (arrays, vectors, slices), for
/// objectives beside constraints (pairs, the constraints second; one holds where it is at most 0), and for evaluations
/// that may fail (`Option`, `Result`).
pub trait Measured {
    /// Writes what was measured to places for all objectives and constraints.
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written;
}

/// How [`Measured::write`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All places were written.
    All,
    /// There was nothing to write: the evaluation failed.
    Failed,
    /// There are so many objectives and so many constraints to write, which are not as many as there are places.
    Mismatch {
        /// The number of objectives that were measured.
        objectives: usize,
        /// The number of constraints that were measured.
        constraints: usize,
    },
}

fn write(from: (&[f64], &[f64]), objectives: &mut [f64], constraints: &mut [f64]) -> Written {
    if (from.0.len(), from.1.len()) != (objectives.len(), constraints.len()) {
        return Written::Mismatch {
            objectives: from.0.len(),
            constraints: from.1.len(),
        };
    }
    objectives.copy_from_slice(from.0);
    constraints.copy_from_slice(from.1);
    Written::All
}

impl Measured for f64 {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        write((&[*self], &[]), objectives, constraints)
    }
}

impl<const N: usize> Measured for [f64; N] {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        write((self, &[]), objectives, constraints)
    }
}

impl Measured for [f64] {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        write((self, &[]), objectives, constraints)
    }
}

impl Measured for Vec<f64> {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        write((self, &[]), objectives, constraints)
    }
}

impl<M: Measured + ?Sized> Measured for &M {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        (**self).write(objectives, constraints)
    }
}

/// Objectives and constraints.
impl<O: Numbers, C: Numbers> Measured for (O, C) {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        write(
            (self.0.numbers(), self.1.numbers()),
            objectives,
            constraints,
        )
    }
}

impl<M: Measured> Measured for Option<M> {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        match self {
            Some(measured) => measured.write(objectives, constraints),
            None => Written::Failed,
        }
    }
}

impl<M: Measured, E> Measured for Result<M, E> {
    fn write(&self, objectives: &mut [f64], constraints: &mut [f64]) -> Written {
        match self {
            Ok(measured) => measured.write(objectives, constraints),
            Err(_) => Written::Failed,
        }
    }
}

/// One number or several in a row.
pub trait Numbers: sealed::Sealed {
    /// The numbers.
    fn numbers(&self) -> &[f64];
}

impl Numbers for f64 {
    fn numbers(&self) -> &[f64] {
        std::slice::from_ref(self)
    }
}

impl<const N: usize> Numbers for [f64; N] {
    fn numbers(&self) -> &[f64] {
        self
    }
}

impl Numbers for Vec<f64> {
    fn numbers(&self) -> &[f64] {
        self
    }
}

impl Numbers for &[f64] {
    fn numbers(&self) -> &[f64] {
        self
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl<const N: usize> Sealed for [f64; N] {}
    impl Sealed for Vec<f64> {}
    impl Sealed for &[f64] {}
}
