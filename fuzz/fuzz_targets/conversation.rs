//! Reading any text as a conversation: it ends; what is read comes back as it was; and whatever is trimmed of it breaks no rule
//! that it kept.
#![no_main]

use autoexec_memory_trimmer::{Conversation, Dialect, History, Repair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for dialect in Dialect::ALL {
        let Ok(conversation) = dialect.read(text) else {
            continue;
        };
        let (same, losses) = dialect.write(&conversation);
        let read: serde_json::Value = serde_json::from_str(text).expect("it was read as JSON");
        assert_eq!(same, read);
        assert!(losses.is_empty());
        for other in Dialect::ALL {
            drop(other.write_text(&conversation));
        }
        let mut history = History::with_rules(dialect.rules());
        history.extend(conversation.messages);
        history.repair(Repair::Answer);
        let before = history.validate().map_or_else(|found| found.len(), |()| 0);
        history.fit(history.tokens() / 2);
        assert!(history.validate().map_or_else(|found| found.len(), |()| 0) <= before);
    }
    drop(Conversation::read(text));
});
