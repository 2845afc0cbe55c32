//! Writes the tables of exact counting, so that they lie ready in the binary. Without the feature
//! `exact` it does nothing.
#![allow(clippy::print_stdout, reason = "cargo reads it")]

#[cfg(feature = "exact")]
mod classes;
#[cfg(feature = "exact")]
#[path = "../src/tokens/exact/hash.rs"]
mod hash;
#[cfg(feature = "exact")]
mod trie;
#[cfg(feature = "exact")]
mod vocabulary;

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/tokens/exact/hash.rs");
    #[cfg(feature = "exact")]
    write_tables();
}

#[cfg(feature = "exact")]
fn write_tables() {
    let folder = std::path::PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).expect("cargo's own folder is writable");
    };
    let (blocks, index) = classes::tables();
    write("classes.blocks", &blocks);
    write("classes.index", &index);
    for encoding in vocabulary::ENCODINGS {
        let tables = vocabulary::tables(&encoding);
        let name = |table: &str| format!("{}.{table}", encoding.name);
        write(&name("cells"), &tables.cells);
        write(&name("ids"), &tables.ids);
        write(&name("lengths"), &tables.lengths);
        write(&name("shorter"), &tables.shorter);
        write(&name("splits"), &tables.splits);
        write(&name("merges"), &tables.merges);
    }
}
