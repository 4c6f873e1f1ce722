//! How a figure is taken and printed.
//!
//! Absolute times drift with the machine; what counts are the ratios, each the median of rounds in which product and
//! limit take turns. Rounds are short and many: on a busy machine the rounds that were interrupted are then few, and
//! the median is not one of them. In long rounds the slower of the two would be interrupted more often.
//!
//! Where other guests of the machine share its cores, they slow the product for seconds or minutes on end, and hardly the
//! limit, which waits for its own results and leaves room beside it. So rounds come in passes, some of them minutes apart: the
//! pass that was disturbed least counts, and the one in the middle is told beside it.

use std::time::Instant;

/// Rounds of one pass.
const ROUNDS: usize = 201;
/// Calls of one round.
pub(crate) const CALLS: usize = 50;

/// Nanoseconds for one of many calls.
pub(crate) fn time(mut call: impl FnMut(usize)) -> f64 {
    let began = Instant::now();
    (0..CALLS).for_each(&mut call);
    began.elapsed().as_nanos() as f64 / CALLS as f64
}

/// The times of a product and of its limit in one pass, in nanoseconds for one call.
#[derive(Clone, Copy)]
struct Pass {
    ratio: f64,
    product: f64,
    limit: f64,
}

/// How long a product takes beside its limit, pass by pass.
pub(crate) struct Beside {
    name: String,
    /// Takes one round: the product's time, and the limit's.
    round: Box<dyn FnMut() -> (f64, f64)>,
    passes: Vec<Pass>,
}

impl Beside {
    pub(crate) fn new(name: String, round: impl FnMut() -> (f64, f64) + 'static) -> Self {
        Self { name, round: Box::new(round), passes: Vec::new() }
    }

    /// Takes the rounds of one pass.
    pub(crate) fn pass(&mut self) {
        let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (self.round)()).collect();
        let median_of = |figure: fn(&(f64, f64)) -> f64| median(rounds.iter().map(figure).collect());
        self.passes.push(Pass {
            ratio: median_of(|(product, limit)| product / limit),
            product: median_of(|(product, _)| *product),
            limit: median_of(|(_, limit)| *limit),
        });
    }

    /// Prints the figure, and returns it, once there was a pass.
    pub(crate) fn print(&self) -> Option<f64> {
        let best = self.passes.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio))?;
        let middle = median(self.passes.iter().map(|pass| pass.ratio).collect());
        let (product, limit, passes) = (best.product, best.limit, self.passes.len());
        let from = format!(
            "{product:.0} ns to {limit:.0} ns, the least disturbed of {passes} passes; in the middle {middle:.2}"
        );
        figure(&self.name, best.ratio, &from);
        Some(best.ratio)
    }
}

/// Prints one figure.
pub(crate) fn figure(name: &str, figure: f64, from: &str) {
    println!("{name}: {figure:.2} ({from})");
}

/// The middle one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
