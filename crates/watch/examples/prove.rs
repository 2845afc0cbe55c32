//! Watches the files given (without any: one of its own), and says which are still as they were whenever a line is
//! entered.
//!
//! `cargo run --release -p autoexec-watch --example prove -- FILE...`
#![allow(clippy::print_stdout, reason = "an example prints")]

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use autoexec_watch::{Interest, Mark, Options, Subject, Watched, Watcher};
    use std::fs::{self, File, Metadata};
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    #[derive(Clone)]
    struct Item(Arc<Mark>);
    impl Watched for Item {
        fn mark(&self) -> &Mark {
            &self.0
        }
    }
    let state = |of: &Metadata| (of.dev(), of.ino(), of.ctime(), of.ctime_nsec());
    let watcher = Watcher::new(Interest::Contents, Options::default())?;
    let watch = |path: &Path| -> Result<Item, Box<dyn std::error::Error>> {
        let begun = watcher
            .follow(path)
            .map_err(|refusal| refusal.to_string())?;
        let file = File::open(path)?;
        let opened = file.metadata()?;
        let item = Item(Arc::new(Mark::new()));
        let subject = Subject {
            path,
            file: file.as_fd(),
            device: opened.dev(),
        };
        let ticket = watcher
            .arm(&begun, &subject, &item)
            .map_err(|refusal| refusal.to_string())?;
        let unchanged = state(&fs::symlink_metadata(begun.place(path))?) == state(&opened);
        if unchanged && watcher.confirm(ticket, &item) {
            return Ok(item);
        }
        Err("it changed meanwhile".into())
    };

    let mut paths: Vec<PathBuf> = std::env::args_os()
        .skip(1)
        .map(fs::canonicalize)
        .collect::<Result<_, _>>()?;
    let dir = tempfile::tempdir()?;
    let own = dir.path().join("file");
    fs::write(&own, "as it was")?;
    let alone = paths.is_empty();
    if alone {
        paths.push(fs::canonicalize(&own)?);
    }
    let items: Vec<_> = paths.iter().map(|path| (path, watch(path))).collect();
    let tell = || {
        let proof = watcher.refresh();
        for (path, item) in &items {
            match item {
                Ok(item) if proof.covers(item.mark()) => println!("unchanged  {}", path.display()),
                Ok(_) => println!("doubtful   {}", path.display()),
                Err(why) => println!("unwatched  {}: {why}", path.display()),
            }
        }
    };
    tell();
    if alone {
        fs::write(&own, "a change")?;
        tell();
        return Ok(());
    }
    for line in std::io::stdin().lines() {
        line?;
        tell();
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this system has no notifications that a proof could stand on");
}
