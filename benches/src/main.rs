//! Figures beside their limits, product and limit in the same run. Each line is `name: figure`, with what it was
//! computed from behind it.
//!
//! Absolute times drift with the machine; what counts are the ratios, each the median of rounds in which product and
//! limit take turns.

mod allocations;
mod keyring;
mod server;
mod store;
mod verify;

fn main() {
    verify::run();
    store::durable_creates();
    let data = server::Data::with_keys(server::MANY);
    server::ready(&data);
    drop(data);
    server::disable_to_refused();
    server::fresh();
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
