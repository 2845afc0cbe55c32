//! Which of the rules of the chat APIs hold.

/// What the API that a history is sent to demands. The default, [`STRICT`](Rules::STRICT), is what
/// all of them accept.
///
/// Always demanded: every tool result stands right behind the assistant message with its call, and
/// every call has one; calls are the assistant's, and results the tool's or the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Rules {
    /// System messages stand at the head.
    pub system_first: bool,
    /// The first message that is not the system's is the user's.
    pub user_first: bool,
    /// The results of the calls of several assistant messages may follow all of them together.
    pub assistant_runs: bool,
    /// Within a message, tool results come before anything else.
    pub results_first: bool,
    /// No message is blank.
    pub non_blank: bool,
    /// A message that is nothing but reasoning is followed by one of the assistant's.
    pub reasoning_followed: bool,
    /// The ids of calls are different throughout the history.
    pub unique_ids: bool,
    /// User and assistant take turns: neither speaks twice in a row.
    pub alternate: bool,
}

impl Rules {
    /// What every API below accepts, those that demand turns or unique ids excepted.
    pub const STRICT: Rules = Rules {
        system_first: true,
        user_first: true,
        assistant_runs: false,
        results_first: true,
        non_blank: true,
        reasoning_followed: true,
        unique_ids: false,
        alternate: false,
    };

    /// OpenAI's chat completions: system messages anywhere, anyone but a tool may begin.
    pub const OPENAI_CHAT: Rules = Rules {
        system_first: false,
        user_first: false,
        results_first: false,
        non_blank: false,
        reasoning_followed: false,
        ..Rules::STRICT
    };

    /// OpenAI's responses: calls and results are items by themselves, and so is reasoning, which must
    /// be followed by what it led to.
    pub const OPENAI_RESPONSES: Rules = Rules {
        assistant_runs: true,
        reasoning_followed: true,
        ..Rules::OPENAI_CHAT
    };

    /// Anthropic's messages: the user begins, messages of one speaker in a row count as one, results
    /// come first in theirs, ids are unique.
    pub const ANTHROPIC: Rules = Rules {
        assistant_runs: true,
        unique_ids: true,
        ..Rules::STRICT
    };

    /// Chat templates of open models, and the APIs in front of them: strict turns.
    pub const TURNS: Rules = Rules {
        alternate: true,
        ..Rules::STRICT
    };
}

impl Default for Rules {
    fn default() -> Self {
        Rules::STRICT
    }
}
