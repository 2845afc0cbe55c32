//! What images and tool schemas cost, by the rules that the providers publish.

use super::TokenCounter;

/// How a provider charges an image. The figures are those of its documentation in 2025; they differ
/// by model and may change, and neither provider promises that a count by them equals the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageRule {
    /// OpenAI: scaled down into 2,048 × 2,048 pixels, then to 768 along the shorter side; `tile` for
    /// each begun square of 512 pixels, and `base`. `GPT_4O`, `O1` and `GPT_5` name some.
    Tiles {
        /// For the image, and all of it when its detail is low.
        base: u32,
        /// For each tile.
        tile: u32,
    },
    /// OpenAI's smaller models: begun squares of 32 pixels, scaled down to at most 1,536 of them,
    /// times a factor of the model (162 for `gpt-4.1-mini`, 246 for `nano`, 172 for `o4-mini`).
    Patches {
        /// The factor, in hundredths.
        percent: u32,
    },
    /// Anthropic: width × height / 750, once scaled down to 1,568 pixels along the longer side and
    /// to about 1,600 tokens.
    Area,
}

impl ImageRule {
    /// `gpt-4o`, `gpt-4.1`.
    pub const GPT_4O: Self = Self::Tiles {
        base: 85,
        tile: 170,
    };
    /// `o1`, `o3`.
    pub const O1: Self = Self::Tiles {
        base: 75,
        tile: 150,
    };
    /// `gpt-5`.
    pub const GPT_5: Self = Self::Tiles {
        base: 70,
        tile: 140,
    };
}

/// The tokens of an image of so many pixels, in high detail. Low detail costs the `base` of
/// [`ImageRule::Tiles`]. An image without pixels costs nothing.
///
/// ```
/// use autoexec_memory_trimmer::{ImageRule, image_tokens};
///
/// assert_eq!(image_tokens(1024, 1024, ImageRule::GPT_4O), 765);
/// assert_eq!(image_tokens(1092, 1092, ImageRule::Area), 1590);
/// ```
#[must_use]
pub fn image_tokens(width: u32, height: u32, rule: ImageRule) -> u32 {
    if width == 0 || height == 0 {
        return 0;
    }
    let (width, height) = (f64::from(width), f64::from(height));
    match rule {
        ImageRule::Tiles { base, tile } => {
            let fit = (2048.0 / width.max(height)).min(1.0);
            let scale = fit * (768.0 / (width.min(height) * fit)).min(1.0);
            let tiles = squares(width * scale, height * scale, 512.0);
            base.saturating_add(tile.saturating_mul(tiles as u32))
        }
        ImageRule::Patches { percent } => {
            (patches(width, height) * f64::from(percent) / 100.0).ceil() as u32
        }
        ImageRule::Area => {
            let edge = (1568.0 / width.max(height)).min(1.0);
            let area = width * height * edge * edge;
            (area / 750.0).ceil().min(1600.0) as u32
        }
    }
}

fn squares(width: f64, height: f64, side: f64) -> f64 {
    // A thousandth of a pixel beyond a border is rounding.
    let along = |pixels: f64| (pixels / side - 1e-6).ceil().max(1.0);
    along(width) * along(height)
}

/// Patches of 32 pixels, of an image scaled such that a whole number of them fits along one side.
fn patches(width: f64, height: f64) -> f64 {
    let most = 1536.0;
    if squares(width, height, 32.0) <= most {
        return squares(width, height, 32.0);
    }
    let shrink = (32.0 * 32.0 * most / (width * height)).sqrt();
    let whole = |pixels: f64| (pixels * shrink / 32.0).floor().max(1.0) / (pixels * shrink / 32.0);
    let scale = shrink * whole(width).min(whole(height));
    squares(width * scale, height * scale, 32.0).min(most)
}

/// A tool as a model is told of it, without what nests in its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolSchema<'a> {
    /// The tool's name.
    pub name: &'a str,
    /// What it does.
    pub description: &'a str,
    /// Its parameters.
    pub parameters: &'a [Parameter<'a>],
}

/// A parameter of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type in JSON schema, such as `string`.
    pub kind: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// The values it may have, if they are listed (`enum`).
    pub choices: &'a [&'a str],
}

/// The tokens of the tools of a request: the formula of OpenAI's cookbook for `gpt-4o`.
///
/// How a schema is shown to the model is not documented; the formula was found by trying. It covers
/// flat parameters: nested objects, arrays and unusual keywords cost more than it says, and other
/// providers add a system prompt of their own for tools, of some hundred tokens.
#[must_use]
pub fn tool_schema_tokens(counter: &dyn TokenCounter, tools: &[ToolSchema<'_>]) -> u32 {
    const TOOL: u32 = 7;
    const PARAMETERS: u32 = 3;
    const END: u32 = 12;
    let count = |text: String| counter.count(&text);
    let tool = |tool: &ToolSchema<'_>| {
        let description = tool.description.trim_end_matches('.');
        let parameters = tool
            .parameters
            .iter()
            .map(|one| parameter_tokens(counter, one));
        let opening = if tool.parameters.is_empty() {
            0
        } else {
            PARAMETERS
        };
        TOOL + count(format!("{}:{description}", tool.name)) + opening + parameters.sum::<u32>()
    };
    let end = if tools.is_empty() { 0 } else { END };
    tools.iter().map(tool).sum::<u32>() + end
}

fn parameter_tokens(counter: &dyn TokenCounter, parameter: &Parameter<'_>) -> u32 {
    const PARAMETER: u32 = 3;
    const CHOICE: u32 = 3;
    let choice = |choice: &&str| CHOICE + counter.count(choice);
    let choices: u32 = parameter.choices.iter().map(choice).sum();
    let fewer = if parameter.choices.is_empty() { 0 } else { 3 };
    let description = parameter.description.trim_end_matches('.');
    let line = format!("{}:{}:{description}", parameter.name, parameter.kind);
    PARAMETER + (choices.saturating_sub(fewer)) + counter.count(&line)
}
