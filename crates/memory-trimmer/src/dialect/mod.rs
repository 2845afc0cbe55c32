//! Conversations from and to the JSON of the chat APIs.

mod anthropic;
mod chat;
mod content;
mod detect;
mod error;
mod extra;
mod items;
mod json;
mod losses;
mod prepare;
mod responses;
mod role;

use serde_json::{Map, Value};

use crate::{Block, Message, Role, Rules};
use extra::Kept;
use json::{Object, Place};
use prepare::Prepared;

pub use error::{Loss, ReadError};

/// A chat API, by the form of its messages. Needs the feature `json`.
///
/// What is read comes back when it is written to the same dialect, as an equal [`Value`]: fields and
/// kinds of blocks that this crate does not know are kept beside what it knows.
///
/// ```
/// use autoexec_memory_trimmer::{Dialect, History};
///
/// let text = r#"{"model": "m", "messages": [
///     {"role": "user", "content": "What is in a.txt?", "name": "ann"},
///     {"role": "assistant", "content": null, "tool_calls": [{
///         "id": "c1", "type": "function", "function": {"name": "read", "arguments": "{}"}}]},
///     {"role": "tool", "tool_call_id": "c1", "content": "words"},
///     {"role": "assistant", "content": "Words."}]}"#;
/// let mut conversation = Dialect::OpenAiChat.read(text)?;
/// let (same, losses) = Dialect::OpenAiChat.write(&conversation);
/// assert_eq!(same, serde_json::from_str::<serde_json::Value>(text).unwrap());
/// assert!(losses.is_empty());
///
/// let mut history = History::with_rules(Dialect::OpenAiChat.rules());
/// history.extend(conversation.messages);
/// history.fit(25);
/// conversation.messages = history.into_messages();
/// let (anthropic, losses) = Dialect::Anthropic.write(&conversation);
/// assert_eq!(anthropic["messages"].as_array().map(Vec::len), Some(2));
/// assert_eq!(losses[0].to_string(), "message 0: fields name");
/// # Ok::<(), autoexec_memory_trimmer::ReadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's chat completions, and the many servers that speak as they do.
    OpenAiChat,
    /// OpenAI's responses.
    OpenAiResponses,
    /// Anthropic's messages.
    Anthropic,
}

/// Messages, and what a request says besides.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Conversation {
    /// The dialect that it was read from; what [`Extra`](crate::Extra) holds belongs to it.
    pub dialect: Dialect,
    /// The messages. A system prompt that stands apart is the first of them.
    pub messages: Vec<Message>,
    /// The other fields of the request, such as the model and its tools; none for a bare list.
    pub envelope: Option<Map<String, Value>>,
    list: List,
}

/// How the list of messages was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    /// Under `messages`, or `input`.
    Input,
    /// Under `input`, as mere text.
    InputText,
    /// Under `output`: what the model answered.
    Output,
}

impl Conversation {
    /// Messages as the body of a request of a dialect, without other fields.
    pub fn new(dialect: Dialect, messages: Vec<Message>) -> Self {
        Conversation {
            dialect,
            messages,
            envelope: Some(Map::new()),
            list: List::Input,
        }
    }

    /// Reads a document of whatever dialect it [seems](Dialect::detect) to be; chat where it could be
    /// any.
    ///
    /// # Errors
    ///
    /// As [`Dialect::read`].
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let value = json::parse(text)?;
        let dialect = Dialect::detect(&value).unwrap_or(Dialect::OpenAiChat);
        dialect.read_parsed(value)
    }
}

impl Dialect {
    /// All of them.
    pub const ALL: [Dialect; 3] = [
        Dialect::OpenAiChat,
        Dialect::OpenAiResponses,
        Dialect::Anthropic,
    ];

    /// Its name: `openai-chat`, `openai-responses` or `anthropic`.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::OpenAiChat => "openai-chat",
            Dialect::OpenAiResponses => "openai-responses",
            Dialect::Anthropic => "anthropic",
        }
    }

    /// What its API demands of a history.
    pub fn rules(self) -> Rules {
        match self {
            Dialect::OpenAiChat => Rules::OPENAI_CHAT,
            Dialect::OpenAiResponses => Rules::OPENAI_RESPONSES,
            Dialect::Anthropic => Rules::ANTHROPIC,
        }
    }

    /// The dialect that a document seems to be of, if it is a conversation: by the fields of the request
    /// and the types of the content. Plain messages that could be of any are chat.
    /// O(messages) until one tells.
    pub fn detect(document: &Value) -> Option<Dialect> {
        detect::detect(document)
    }

    /// Reads the body of a request, or a bare list of its messages or items.
    ///
    /// O(bytes), the estimate of tokens included. Objects that name a key twice and documents that nest
    /// deeper than 127 levels are refused.
    ///
    /// # Errors
    ///
    /// Where the text is no JSON, or what the dialect has not at that place.
    pub fn read(self, text: &str) -> Result<Conversation, ReadError> {
        self.read_parsed(json::parse(text)?)
    }

    /// Reads what is parsed already.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_value(self, document: Value) -> Result<Conversation, ReadError> {
        json::check_depth(&document)?;
        self.read_parsed(document)
    }

    fn read_parsed(self, document: Value) -> Result<Conversation, ReadError> {
        let mut conversation = Conversation::new(self, Vec::new());
        match document {
            Value::Array(items) => {
                conversation.messages = self.messages(items, &Place::Root)?;
                conversation.envelope = None;
            }
            Value::Object(body) => self.read_body(body, &mut conversation)?,
            other => {
                let expected = "an array of messages or an object with one";
                return Err(Place::Root.expected(expected, json::kind(&other)));
            }
        }
        Ok(conversation)
    }

    fn read_body(self, mut body: Object, into: &mut Conversation) -> Result<(), ReadError> {
        let key = self.list_key(body.contains_key("output") && !body.contains_key("input"));
        if key == "output" {
            into.list = List::Output;
        }
        let place = Place::Root.key(key);
        into.messages.extend(self.read_prompt(&mut body)?);
        match body.remove(key) {
            Some(Value::Array(items)) => into.messages.extend(self.messages(items, &place)?),
            Some(Value::String(text)) if key == "input" => {
                into.list = List::InputText;
                into.messages.push(Message::user(text));
            }
            found => {
                let found = found.as_ref().map_or("nothing", json::kind);
                return Err(place.expected("an array", found));
            }
        }
        into.envelope = Some(body);
        Ok(())
    }

    /// Reads the system prompt that stands apart from the messages, unless it is empty.
    fn read_prompt(self, body: &mut Object) -> Result<Option<Message>, ReadError> {
        let key = match self {
            Dialect::OpenAiChat => return Ok(None),
            Dialect::OpenAiResponses => "instructions",
            Dialect::Anthropic => "system",
        };
        let says = match body.get(key) {
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(blocks)) => self == Dialect::Anthropic && !blocks.is_empty(),
            _ => false,
        };
        if !says {
            return Ok(None);
        }
        let value = body.remove(key).unwrap_or_default();
        if self == Dialect::Anthropic {
            return anthropic::system(value, &Place::Root.key(key)).map(Some);
        }
        let mut kept = Kept::default();
        kept.note("place", "instructions");
        let text = value.as_str().unwrap_or_default();
        Ok(Some(Message::system(text).with_extra(kept.pack(self))))
    }

    fn messages(self, items: Vec<Value>, place: &Place) -> Result<Vec<Message>, ReadError> {
        let mut chat = chat::Reader::default();
        match self {
            Dialect::OpenAiResponses => responses::read(items, place),
            Dialect::OpenAiChat => each(items, place, |item, place| chat.message(item, place)),
            Dialect::Anthropic => each(items, place, anthropic::message),
        }
    }

    fn list_key(self, output: bool) -> &'static str {
        match self {
            Dialect::OpenAiResponses if output => "output",
            Dialect::OpenAiResponses => "input",
            Dialect::OpenAiChat | Dialect::Anthropic => "messages",
        }
    }

    /// Writes a conversation, and what of it this dialect has no place for: nothing where it was read
    /// from this dialect and has no messages from elsewhere.
    ///
    /// A conversation of another dialect is made valid by the [`rules`](Self::rules) of this one if it
    /// was valid by its own. O(bytes).
    pub fn write(self, conversation: &Conversation) -> (Value, Vec<Loss>) {
        if conversation.dialect != self {
            let body = conversation.envelope.is_some();
            let (value, mut losses) = self.convert(&conversation.messages, body);
            losses.extend(losses::of_envelope(conversation.envelope.as_ref()));
            return (value, losses);
        }
        let prepared = Prepared::as_they_are(&conversation.messages, self);
        let mut list = Vec::new();
        let prompt = self.write_list(&prepared, Mode::Same, &mut |item| list.push(item));
        let text = match list.as_slice() {
            [only] if conversation.list == List::InputText => sole_text(only),
            _ => None,
        };
        let list = text.unwrap_or_else(|| list.into());
        let key = self.list_key(conversation.list == List::Output);
        let envelope = conversation.envelope.clone();
        (body(envelope, key, list, prompt), prepared.losses)
    }

    /// Writes a conversation as text, as [`write`](Self::write) does, without its value as a whole: less
    /// time and memory. O(bytes).
    pub fn write_text(self, conversation: &Conversation) -> (String, Vec<Loss>) {
        if conversation.dialect != self || conversation.list == List::InputText {
            let (value, losses) = self.write(conversation);
            return (value.to_string(), losses);
        }
        let prepared = Prepared::as_they_are(&conversation.messages, self);
        let mut list = String::from("[");
        let prompt = self.write_list(&prepared, Mode::Same, &mut |item| {
            list.push_str(if list.len() > 1 { "," } else { "" });
            list.push_str(&json::text_of(&item));
        });
        list.push(']');
        let key = self.list_key(conversation.list == List::Output);
        let envelope = conversation.envelope.as_ref();
        (body_text(envelope, key, list, prompt), prepared.losses)
    }

    /// Writes messages of any origin as the body of a request, and what this dialect has no place for.
    /// O(bytes).
    pub fn write_messages(self, messages: &[Message]) -> (Value, Vec<Loss>) {
        self.convert(messages, true)
    }

    fn convert(self, messages: &[Message], with_body: bool) -> (Value, Vec<Loss>) {
        let prepared = Prepared::converted(messages, self);
        let mode = if with_body { Mode::Body } else { Mode::Bare };
        let mut list = Vec::new();
        let prompt = self.write_list(&prepared, mode, &mut |item| list.push(item));
        let envelope = with_body.then(Object::new);
        let value = body(envelope, self.list_key(false), list.into(), prompt);
        (value, prepared.losses)
    }

    /// Hands each item of the list to `sink`; gives the prompt that stands beside the list.
    fn write_list(
        self,
        prepared: &Prepared,
        mode: Mode,
        sink: &mut dyn FnMut(Value),
    ) -> Option<Prompt> {
        let messages = prepared.messages.iter().map(|(_, message)| &**message);
        match self {
            Dialect::OpenAiChat => {
                messages.for_each(|message| chat::write(message, sink));
                None
            }
            Dialect::OpenAiResponses => {
                let mut writer = responses::Writer::default();
                let mut prompt = None;
                for message in messages {
                    match instructions(message, mode).filter(|_| prompt.is_none()) {
                        Some(text) => prompt = Some(("instructions", text.into())),
                        None => writer.message(message),
                    }
                    writer.items.drain(..).for_each(&mut *sink);
                }
                prompt
            }
            Dialect::Anthropic => {
                let mut writer = anthropic::Writer::default();
                for message in messages {
                    writer.message(message, mode != Mode::Same);
                    // The next one may join the last.
                    let done = writer.messages.len().saturating_sub(1);
                    writer.messages.drain(..done).for_each(&mut *sink);
                }
                writer.messages.drain(..).for_each(sink);
                writer.system().map(|value| ("system", value))
            }
        }
    }
}

/// Reads the items of a list one by one.
fn each(
    items: Vec<Value>,
    place: &Place,
    mut read: impl FnMut(Value, &Place) -> Result<Message, ReadError>,
) -> Result<Vec<Message>, ReadError> {
    let numbered = items.into_iter().enumerate();
    numbered
        .map(|(at, item)| read(item, &place.index(at)))
        .collect()
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// As they were read.
    Same,
    /// From another dialect, as the body of a request.
    Body,
    /// From another dialect, as a list.
    Bare,
}

/// A prompt that stands beside the list of messages, and its key.
type Prompt = (&'static str, Value);

/// The text of a system message that goes into `instructions`: of the one that was there, or of any
/// that is plain text when a body is made.
fn instructions(message: &Message, mode: Mode) -> Option<String> {
    if message.role() != Role::System {
        return None;
    }
    let kept = Kept::unpack(message.extra(), Dialect::OpenAiResponses);
    let was = kept.noted("place") == Some("instructions");
    let plain = matches!(message.blocks(), [Block::Text(_)]);
    let goes = was || (mode == Mode::Body && kept.is_empty() && plain);
    goes.then(|| message.text().into_owned())
}

/// The text of a message that is nothing but the user's text.
fn sole_text(message: &Value) -> Option<Value> {
    let fields = message.as_object()?;
    let user = fields.len() == 2 && json::str_of(fields, "role") == Some("user");
    fields
        .get("content")
        .filter(|text| user && text.is_string())
        .cloned()
}

/// The list by itself, or in its body. A prompt needs a body.
fn body(envelope: Option<Object>, key: &str, list: Value, prompt: Option<Prompt>) -> Value {
    if envelope.is_none() && prompt.is_none() {
        return list;
    }
    let mut body = envelope.unwrap_or_default();
    if let Some((key, value)) = prompt {
        json::set(&mut body, key, value);
    }
    json::set(&mut body, key, list);
    body.into()
}

/// [`body`] as text.
fn body_text(envelope: Option<&Object>, key: &str, list: String, prompt: Option<Prompt>) -> String {
    if envelope.is_none() && prompt.is_none() {
        return list;
    }
    let beside = prompt.as_ref().map(|(key, _)| *key);
    let others = envelope.into_iter().flatten();
    let others = others.filter(|(name, _)| *name != key && Some(name.as_str()) != beside);
    let others = others.map(|(name, value)| (name.as_str(), value));
    let prompt = prompt.as_ref().map(|(key, value)| (*key, value));
    let mut text = String::with_capacity(list.len() + 1024);
    text.push('{');
    for (name, value) in others.chain(prompt) {
        text.push_str(&json::text_of(&name));
        text.push(':');
        text.push_str(&json::text_of(value));
        text.push(',');
    }
    text.push_str(&json::text_of(&key));
    text.push(':');
    text.push_str(&list);
    text.push('}');
    text
}
