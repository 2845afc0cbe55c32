//! Opening any path below a root full of links: whatever opens is a file of the tree, by the kernel and by the walk.
#![no_main]

use autoexec_path_cache::Root;
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::sync::OnceLock;

struct Tree {
    _dir: tempfile::TempDir,
    by_kernel: Root,
    by_walk: Root,
    inside: HashSet<(u64, u64)>,
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Short names, so that a fuzzer finds them: directories `a`, `a/b`; files `f`, `a/f`, `a/b/f`; links `l` in, `o` out.
fn make() -> Tree {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let base = fs::canonicalize(dir.path()).expect("it exists");
    let root = base.join("r");
    fs::create_dir_all(root.join("a/b")).expect("it is ours");
    fs::write(base.join("s"), "secret").expect("it is ours");
    let mut inside = HashSet::new();
    for file in ["f", "a/f", "a/b/f"] {
        fs::write(root.join(file), file).expect("it is ours");
        inside.insert(identity(&fs::metadata(root.join(file)).expect("it is there")));
    }
    for folder in ["", "a", "a/b"] {
        inside.insert(identity(&fs::metadata(root.join(folder)).expect("it is there")));
    }
    for (link, target) in [("l", "a/b"), ("a/l", "../f"), ("o", "../s"), ("a/o", "../.."), ("x", "x"), ("a/b/u", "..")] {
        symlink(target, root.join(link)).expect("it is ours");
    }
    symlink("/", root.join("z")).expect("it is ours");
    symlink(root.join("a"), root.join("i")).expect("it is ours");
    let (by_kernel, by_walk) = (Root::new(&root).expect("a directory"), Root::new(&root).expect("a directory"));
    by_walk.only_walk();
    Tree { _dir: dir, by_kernel, by_walk, inside }
}

fuzz_target!(|path: &[u8]| {
    static TREE: OnceLock<Tree> = OnceLock::new();
    let tree = TREE.get_or_init(make);
    let path = Path::new(OsStr::from_bytes(path));
    let open = |root: &Root| root.open(path).map(|file| identity(&file.metadata().expect("it is open")));
    let (kernel, walk) = (open(&tree.by_kernel), open(&tree.by_walk));
    match (&kernel, &walk) {
        (Ok(kernel), Ok(walk)) => {
            assert_eq!(kernel, walk);
            assert!(tree.inside.contains(kernel), "it got out: {path:?}");
        }
        (Err(kernel), Err(walk)) => assert_eq!(kernel.kind(), walk.kind(), "{path:?}"),
        _ => panic!("{path:?}: {kernel:?} but {walk:?}"),
    }
    if let Ok(real) = tree.by_kernel.resolve(path) {
        assert!(tree.by_kernel.contains(&real), "it got out: {path:?}");
    }
});
