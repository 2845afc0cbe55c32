//! What a trim drops: the oldest groups, around those that must stay.

use crate::history::{Group, History};
use crate::repair::{Repair, join_turns};
use crate::{Level, Message, Role, Thresholds};

/// What a trim did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trimmed {
    /// The messages that were dropped, oldest first within those repaired and those trimmed.
    pub dropped: Vec<Message>,
    /// How many of them, the first ones, were dropped because they were broken.
    pub repaired: usize,
    /// Messages that a repair changed, and those joined with the one before to keep turns, as they
    /// were.
    pub originals: Vec<Message>,
    /// How urgent the trim was; `None` when none was due, and for [`History::fit`].
    pub level: Option<Level>,
    /// Messages before.
    pub messages_before: usize,
    /// Messages after.
    pub messages_after: usize,
    /// Tokens before.
    pub tokens_before: u64,
    /// Tokens after.
    pub tokens_after: u64,
    /// By how many tokens what must stay exceeds the budget.
    pub over_budget: Option<u64>,
}

impl Trimmed {
    /// Whether anything was dropped.
    pub fn changed(&self) -> bool {
        !self.dropped.is_empty()
    }

    /// By how many tokens it is smaller: those of what was dropped, where no text stood for another.
    pub fn tokens_dropped(&self) -> u64 {
        self.tokens_before.saturating_sub(self.tokens_after)
    }
}

impl History {
    /// Trims the history if that is due, to the level of the thresholds, and says what it did.
    ///
    /// O(what is dropped, and what is pinned in between); O(messages) when the history was broken.
    /// A second trim right behind changes nothing.
    pub fn trim(&mut self, thresholds: &Thresholds) -> Trimmed {
        let Some(level) = self.needs_trim(thresholds) else {
            return self.untouched();
        };
        let max_tokens = thresholds.max_tokens.unwrap_or(u64::MAX);
        let mut target = Target {
            messages: usize::MAX,
            tokens: max_tokens,
            drop_system: thresholds.drop_system,
        };
        if self.len() >= thresholds.trigger_messages() {
            target.messages = thresholds.level_messages();
        }
        if self.tokens() > max_tokens {
            target.tokens = thresholds.level_tokens().unwrap_or(max_tokens);
        }
        let mut trimmed = self.shrink(&target, max_tokens);
        trimmed.level = Some(level);
        trimmed
    }

    /// Drops the oldest groups until the tokens are at most `max_tokens`, and says what it did.
    ///
    /// What must stay may exceed the budget: then all else is dropped, and
    /// [`over_budget`](Trimmed::over_budget) says by how much. System messages stay.
    /// Costs as [`trim`](Self::trim) does.
    pub fn fit(&mut self, max_tokens: u64) -> Trimmed {
        if self.tokens() <= max_tokens {
            return self.untouched();
        }
        let target = Target {
            messages: usize::MAX,
            tokens: max_tokens,
            drop_system: false,
        };
        self.shrink(&target, max_tokens)
    }

    fn untouched(&self) -> Trimmed {
        Trimmed {
            messages_before: self.len(),
            messages_after: self.len(),
            tokens_before: self.tokens(),
            tokens_after: self.tokens(),
            ..Trimmed::default()
        }
    }

    fn shrink(&mut self, target: &Target, max_tokens: u64) -> Trimmed {
        let mut trimmed = self.untouched();
        if self.is_broken() {
            let mended = self.mend(Repair::Drop);
            trimmed.dropped = mended.dropped;
            trimmed.repaired = trimmed.dropped.len();
            trimmed.originals = mended.originals;
        }
        loop {
            self.drop_oldest(target, &mut trimmed.dropped);
            let linked = !self.links.is_empty();
            self.keep_turns(&mut trimmed.originals);
            // Joining gives all texts back to those that refer to them, once.
            let again = linked && self.links.is_empty();
            if !again || (self.tokens() <= target.tokens && self.len() <= target.messages) {
                break;
            }
        }
        self.give_back();
        trimmed.messages_after = self.len();
        trimmed.tokens_after = self.tokens();
        trimmed.over_budget = self
            .tokens()
            .checked_sub(max_tokens)
            .filter(|&over| over > 0);
        trimmed
    }
}

impl History {
    /// Drops the oldest groups. A text that goes is given back to the messages that refer to it, and
    /// then more may have to go.
    fn drop_oldest(&mut self, target: &Target, dropped: &mut Vec<Message>) {
        loop {
            let (cut, keep) = Walk::new(self, target).run();
            self.restore_going(|group| group < cut && keep.binary_search(&group).is_err());
            let mut oldest = self.take_before(cut, &keep);
            let done = oldest.is_empty() || self.links.is_empty();
            match dropped.is_empty() {
                true => *dropped = oldest,
                false => dropped.append(&mut oldest),
            }
            if done {
                return;
            }
            self.mend_links();
        }
    }

    /// Joins what came to stand in a row, where the rules want turns. O(messages), if they do.
    pub(crate) fn keep_turns(&mut self, originals: &mut Vec<Message>) {
        if !self.rules().alternate {
            return;
        }
        let turns = |role: Role| matches!(role, Role::User | Role::Assistant);
        let pair = |(a, b): (&Message, &Message)| a.role() == b.role() && turns(a.role());
        let again = self.messages().zip(self.messages().skip(1)).any(pair);
        if again {
            let mut messages = self.take_all();
            join_turns(&mut messages, originals);
            self.extend(messages);
        }
    }
}

/// What a trim should leave at most.
struct Target {
    messages: usize,
    tokens: u64,
    drop_system: bool,
}

/// A walk over the groups from the oldest on, which decides of each whether it goes, until what is
/// left fits. The last group is never reached: it stays.
struct Walk<'a> {
    history: &'a History,
    target: &'a Target,
    /// The next group to decide about.
    at: usize,
    /// Groups before it that stay.
    keep: Vec<usize>,
    /// What is left so far.
    messages: usize,
    tokens: u64,
    /// The user's message that opened the turn walked through, if it is to go. It stays after all
    /// when the rest of its turn, or a pinned group of it, would stand without a question.
    opener: Option<usize>,
    /// Whether a user's message stays before `at`.
    user_stays: bool,
    /// The user's messages from `at` on.
    users_ahead: usize,
}

impl<'a> Walk<'a> {
    fn new(history: &'a History, target: &'a Target) -> Self {
        Walk {
            history,
            target,
            at: 0,
            keep: Vec::new(),
            messages: history.len(),
            tokens: history.tokens(),
            opener: None,
            user_stays: false,
            users_ahead: history.users(),
        }
    }

    /// The number of groups walked, and those of them that stay, in order.
    fn run(mut self) -> (usize, Vec<usize>) {
        while self.at + 1 < self.history.groups().len() {
            let group = self.group(self.at);
            if group.pinned || (group.role == Role::System && !self.target.drop_system) {
                self.keep(group);
            } else if self.fits(group) {
                break;
            } else {
                self.drop(group);
            }
        }
        let within_turn =
            (self.history.groups().get(self.at)).is_some_and(|g| g.role != Role::User);
        if within_turn {
            self.keep_opener();
        }
        self.keep.sort_unstable();
        (self.at, self.keep)
    }

    fn group(&self, at: usize) -> Group {
        self.history.groups()[at]
    }

    /// Whether the walk may end before `next`.
    fn fits(&self, next: Group) -> bool {
        let opener = self.opener.filter(|_| next.role != Role::User);
        let opener = opener.map(|at| self.group(at));
        let fits = self.messages + opener.map_or(0, |g| g.messages()) <= self.target.messages
            && self.tokens + opener.map_or(0, |g| g.tokens) <= self.target.tokens;
        // An answer cannot come first when a question follows that can.
        let answers_nothing = matches!(next.role, Role::Assistant | Role::Tool)
            && opener.is_none()
            && !self.user_stays
            && self.users_ahead > 0;
        fits && !answers_nothing
    }

    fn drop(&mut self, group: Group) {
        self.messages -= group.messages();
        self.tokens -= group.tokens;
        if group.role == Role::User {
            self.opener = Some(self.at);
            self.users_ahead -= 1;
        }
        self.at += 1;
    }

    fn keep(&mut self, group: Group) {
        match group.role {
            Role::User => {
                self.user_stays = true;
                self.opener = None;
                self.users_ahead -= 1;
            }
            Role::Assistant | Role::Tool if !self.user_stays => self.keep_opener(),
            _ => {}
        }
        self.keep.push(self.at);
        self.at += 1;
    }

    fn keep_opener(&mut self) {
        if let Some(opener) = self.opener.take() {
            let group = self.group(opener);
            self.messages += group.messages();
            self.tokens += group.tokens;
            self.keep.push(opener);
            self.user_stays = true;
        }
    }
}
