//! What several objectives have in common: dominance, fronts, volumes, spread, and the archive of what was found.
//!
//! Costs are minimised. Where rows may violate constraints, those that do come after all that do not.

mod archive;
mod contributions;
mod crowding;
mod directions;
mod dominance;
mod hypervolume;
mod newcomers;
mod prune;
mod scale;
mod select;
mod sorting;

pub use crowding::crowding_distance;
pub use hypervolume::hypervolume;
pub use sorting::non_dominated_sort;

pub(crate) use archive::Archive;
pub(crate) use crowding::Crowding;
pub(crate) use directions::directions;
pub(crate) use dominance::dominates;
#[cfg(test)]
pub(crate) use hypervolume::Volume;
pub(crate) use prune::Pruner;
pub(crate) use scale::Scale;
pub(crate) use sorting::Sorter;

/// A copy of costs that a caller gave, NaN made infinite.
fn checked(costs: &[f64], objectives: usize) -> Vec<f64> {
    assert!(
        objectives > 0 && costs.len().is_multiple_of(objectives),
        "costs must be whole rows of at least one objective"
    );
    let cost = |&cost: &f64| if cost.is_nan() { f64::INFINITY } else { cost };
    costs.iter().map(cost).collect()
}
