//! An applied migration is never edited: another one follows it.

use sha2::{Digest as _, Sha256};

#[test]
fn applied_migrations_are_as_they_were() {
    let applied = [
        ("sqlite/0001_initial.sql", "5da3e3d5e1512b9e44d6c0a10e00f66391eccf2b21c5740db38e8330a809b7c1"),
        ("postgres/0001_initial.sql", "0f90e3c5864359d005ef8d34b12d2d7e0ea8e4c59e7fbb9349827bc66c716a98"),
        ("sqlite/0002_people.sql", "13e4045c0edda0e059cfee3cf711ff03c753d46b2aeff361b6f5a0db44e47000"),
        ("postgres/0002_people.sql", "e985631ed90ebdb16de33ffb0b88f126322247ce17506bb49ebfb65deee930f3"),
        ("sqlite/0003_key_kinds.sql", "e3902ee238fdd6f3c271ac3c6c9561f00617a9654676a5ac310780d8d2c22395"),
        ("postgres/0003_key_kinds.sql", "e3902ee238fdd6f3c271ac3c6c9561f00617a9654676a5ac310780d8d2c22395"),
    ];
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for (name, expected) in applied {
        let text = std::fs::read(directory.join(name)).unwrap();
        let digest: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, expected, "{name} was edited: write a new migration instead");
    }
    let files =
        ["sqlite", "postgres"].map(|engine| std::fs::read_dir(directory.join(engine)).unwrap().count());
    assert_eq!(files.iter().sum::<usize>(), applied.len(), "a new migration is listed here");
}
