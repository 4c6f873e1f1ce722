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

fn main() {
    verify::run();
    schemes::run();
    store::durable_creates();
    let data = server::Data::with_keys(server::MANY);
    server::ready(&data);
    drop(data);
    server::disable_to_refused();
    server::fresh();
}
