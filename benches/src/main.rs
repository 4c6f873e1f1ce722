//! Figures beside their limits, product and limit in the same run. Each line is `name: figure`, with what it was
//! computed from behind it. `make bench` has glibc ask for large pages, as the unit in `deploy/systemd` does.

mod allocations;
mod captured;
mod keyring;
mod measure;
mod schemes;
mod server;
mod store;
mod verify;

use measure::Beside;

fn main() {
    let mut verifications = verify::figures();
    verifications.extend(schemes::figures());
    let mut pass = || (0..5).for_each(|_| verifications.iter_mut().for_each(Beside::pass));
    pass();
    store::durable_creates();
    pass();
    let data = server::Data::with_keys(server::MANY);
    pass();
    server::ready(&data);
    drop(data);
    pass();
    server::disable_to_refused();
    pass();
    server::fresh();
    pass();
    for verification in &verifications {
        verification.print();
    }
}
