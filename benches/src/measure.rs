//! How a figure is taken and printed.
//!
//! Absolute times drift with the machine; what counts are the ratios, each the median of rounds in which product and
//! limit take turns. Rounds are short and many: on a busy machine the rounds that were interrupted are then few, and
//! the median is not one of them. In long rounds the slower of the two would be interrupted more often.

use std::time::Instant;

pub(crate) const ROUNDS: usize = 2001;
pub(crate) const CALLS: usize = 50;

/// Nanoseconds for one of many calls.
pub(crate) fn time(mut call: impl FnMut(usize)) -> f64 {
    let began = Instant::now();
    (0..CALLS).for_each(&mut call);
    began.elapsed().as_nanos() as f64 / CALLS as f64
}

/// The rounds in which a product and its limit have taken turns, in nanoseconds for one call.
#[derive(Default)]
pub(crate) struct Turns {
    products: Vec<f64>,
    limits: Vec<f64>,
    ratios: Vec<f64>,
}

impl Turns {
    /// One more round.
    pub(crate) fn take(&mut self, product: impl FnMut(usize), limit: impl FnMut(usize)) {
        let (product, limit) = (time(product), time(limit));
        self.products.push(product);
        self.limits.push(limit);
        self.ratios.push(product / limit);
    }

    /// The ratio of the product to the limit, and what it is of.
    pub(crate) fn ratio(self) -> (f64, String) {
        let from = format!("{:.0} ns to {:.0} ns", median(self.products), median(self.limits));
        (median(self.ratios), from)
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
