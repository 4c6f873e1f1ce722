//! Writes the corpus of every target, as libFuzzer wants it: `corpus DIR` makes `DIR/<target>/<number>`.

use std::path::PathBuf;

use countersign_laws::TARGETS;

fn main() -> std::io::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or_else(|| std::io::Error::other("usage: corpus DIR"))?;
    for target in TARGETS {
        let own = directory.join(target.name);
        std::fs::create_dir_all(&own)?;
        for (number, bytes) in (target.corpus)().iter().enumerate() {
            std::fs::write(own.join(format!("vector-{number:03}")), bytes)?;
        }
    }
    Ok(())
}
