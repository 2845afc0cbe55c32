use super::*;
use autoexec_store::{Entry, Fingerprint};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn prompt<'a>(model: &'a str, turns: &'a [(&'a str, &'a str)]) -> Prompt<'a> {
    Prompt {
        model,
        parameters: "max_tokens=100",
        turns,
    }
}

#[test]
fn an_answer_is_found_by_the_whole_of_what_was_asked() {
    let cache = PromptCache::new(&PromptCacheOptions::default());
    let asked = [("system", "be brief"), ("user", "why?")];
    let others: [&[(&str, &str)]; 5] = [
        &[("system", "be brief"), ("user", "why")],
        &[("user", "be brief"), ("user", "why?")],
        &[("system", "be briefuser"), ("", "why?")],
        &[("system", "be brief")],
        &[("system", "be brief"), ("user", "why?"), ("user", "")],
    ];
    assert!(cache.insert(&prompt("m", &asked), "because"));
    assert_eq!(cache.get(&prompt("m", &asked)).expect("held"), "because");
    assert!(
        others
            .iter()
            .all(|it| cache.get(&prompt("m", it)).is_none())
    );
    assert!(cache.get(&prompt("m2", &asked)).is_none());
    let hotter = Prompt {
        parameters: "temperature=1",
        ..prompt("m", &asked)
    };
    assert!(cache.get(&hotter).is_none());
    assert_eq!(
        cache.preload([(prompt("m", &asked), "no"), (hotter, "yes")]),
        1
    );
    cache.insert(
        &prompt("m2", &asked),
        Entry::new("").with_file("a.rs", Fingerprint(1)),
    );
    assert_eq!(
        cache.get(&prompt("m2", &asked)).expect("an empty answer"),
        ""
    );
    assert_eq!(cache.remove_model("m"), 2);
    assert_eq!(cache.file_changed("a.rs", None), 1);
    assert_eq!((cache.stats().entries, cache.clear()), (0, 0));
}

#[tokio::test]
async fn a_question_is_asked_once_however_many_want_the_answer() {
    let cache = PromptCache::new(&PromptCacheOptions::default());
    let asked = AtomicUsize::new(0);
    let (first, second) = tokio::join!(ask(&cache, &asked), ask(&cache, &asked));
    assert_eq!((first, second, asked.into_inner()), (Ok(4), Ok(4), 1));
}

async fn ask(cache: &PromptCache, asked: &AtomicUsize) -> Result<usize, Infallible> {
    let answer = async {
        asked.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
        Ok::<_, Infallible>("yes.")
    };
    let value = cache
        .get_or_ask(&prompt("m", &[("user", "?")]), answer)
        .await?;
    Ok(value.len())
}

#[test]
fn a_full_context_cache_drops_one_and_not_all() {
    let cache = ContextCache::new(&ContextCacheOptions::default());
    for input in 0..1_500 {
        let made = cache.get_or_make(&input.to_string(), || {
            Ok::<_, Infallible>(format!("<{input}>"))
        });
        assert_eq!(made.expect("it cannot fail"), format!("<{input}>"));
    }
    let stats = cache.stats();
    assert_eq!(
        (stats.entries, stats.evictions, stats.loads),
        (1_000, 500, 1_500)
    );
}

fn embed(text: usize) -> Vec<f32> {
    (0..1_024).map(|i| (text * i) as f32).collect()
}

#[test]
fn vectors_come_back_bit_by_bit_also_from_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("embeddings");
    let options = EmbeddingCacheOptions::default();
    let (cache, opened) = EmbeddingCache::open(&path, now(), &options).expect("made");
    assert!(opened.found.is_new && opened.unsaved.is_none());
    let odd = [f32::NAN, -0.0, f32::INFINITY, f32::MIN_POSITIVE / 2.0];
    assert!(cache.insert("m", "odd", &odd) && cache.insert("m", "none", &[]));
    let mut saves = Vec::new();
    for text in 2..250 {
        let made = cache.get_or_embed("m", &text.to_string(), || Ok::<_, Infallible>(embed(text)));
        assert_eq!(made, Ok(embed(text)));
        saves.extend(cache.save_if_due(now()).map(|it| it.entries));
    }
    assert_eq!(saves, [100, 100]);
    assert_eq!(cache.save(now()).expect("saved").entries, 50);

    let (reader, opened) = EmbeddingCache::open(&path, now(), &options).expect("read");
    assert!(opened.unsaved.is_some(), "the first has the file");
    assert_eq!(opened.found.loaded, 250);
    assert_eq!(reader.save(now()).expect("nothing to do").entries, 0);
    drop((cache, reader));

    let (again, opened) = EmbeddingCache::open(&path, now(), &options).expect("opened");
    assert_eq!((opened.found.loaded, opened.unsaved.is_none()), (250, true));
    let bits = |vector: &[f32]| vector.iter().map(|it| it.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&again.get("m", "odd").expect("held")), bits(&odd));
    assert_eq!(again.get("m", "none"), Some(Vec::new()));
    assert_eq!(again.get("m", "77"), Some(embed(77)));
    assert_eq!(again.get("m2", "77"), None);
}

#[test]
fn no_more_vectors_are_held_than_said_and_the_hottest_stays() {
    let cache = EmbeddingCache::new(&EmbeddingCacheOptions::default());
    for text in 0..12_000 {
        assert!(cache.insert("m", &text.to_string(), &[text as f32]));
        assert!(cache.stats().entries <= 5_000);
        assert_eq!(cache.get("m", "0"), Some(vec![0.0]));
    }
    assert_eq!(cache.stats().entries, 5_000);
    assert_eq!(EmbeddingCacheOptions::queries().max_entries, 1_000);
}
