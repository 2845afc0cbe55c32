//! Folders of files that many processes read and one makes.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

/// A folder that outlives the process, for what is the same in every process that runs a benchmark.
/// `cargo xtask regress` sets it, to another one for each side.
const FOLDER: &str = "AUTOEXEC_BENCH_FOLDER";

/// A folder as `make` fills it: `own`, or one of this name that an earlier process has filled already.
///
/// Making a thousand files may take longer than measuring how they are read. Whoever uses it may not change
/// what is in it, and the name says all that `make` depends on. Where somebody watches the files, no two
/// processes may use one folder at a time: a group that several threads or the wall decide about is alone.
///
/// # Errors
/// Those of `make`, and of the file system.
pub fn made_once(
    name: &str,
    own: &Path,
    make: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let shared = env::var_os(FOLDER).map(PathBuf::from);
    made_once_in(shared.as_deref(), name, own, make)
}

fn made_once_in(
    shared: Option<&Path>,
    name: &str,
    own: &Path,
    make: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let Some(shared) = shared else {
        make(own)?;
        return Ok(own.to_owned());
    };
    let made = shared.join(name);
    if made.is_dir() {
        return Ok(made);
    }
    // Under another name while it is not whole: several processes may begin at the same time.
    let unfinished = shared.join(format!("{name}.{}", process::id()));
    fs::create_dir_all(&unfinished)?;
    make(&unfinished)?;
    match fs::rename(&unfinished, &made) {
        Err(_) if made.is_dir() => fs::remove_dir_all(&unfinished)?,
        renamed => renamed?,
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_folder_is_made_once_where_it_is_kept_and_anew_where_it_is_not() {
        let (kept, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let times = Cell::new(0);
        let make = |folder: &Path| {
            times.set(times.get() + 1);
            fs::write(folder.join("a"), "b")
        };
        let get = |shared| made_once_in(shared, "x", own.path(), make).unwrap();
        assert_eq!(
            (get(None), get(None)),
            (own.path().into(), own.path().into())
        );
        assert_eq!(times.get(), 2);
        let expect = kept.path().join("x");
        for _ in 0..2 {
            assert_eq!(get(Some(kept.path())), expect);
            assert_eq!(fs::read_to_string(expect.join("a")).unwrap(), "b");
        }
        assert_eq!(times.get(), 3);
        assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 1);
    }

    #[test]
    fn who_comes_second_takes_what_the_first_has_made() {
        let (kept, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = kept.path().join("x");
        let late = |folder: &Path| {
            fs::create_dir_all(&first)?;
            fs::write(first.join("a"), "of the first")?;
            fs::write(folder.join("a"), "of the second")
        };
        let got = made_once_in(Some(kept.path()), "x", own.path(), late).unwrap();
        assert_eq!(fs::read_to_string(got.join("a")).unwrap(), "of the first");
        assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 1);
    }
}
