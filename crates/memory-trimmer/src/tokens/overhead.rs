//! What images and tool schemas cost, by the rules that the providers publish.

use super::TokenCounter;

/// How a provider charges an image. The figures are those of the providers' documentation as found in
/// November 2026, or what users report to be billed where that is said; they differ by model and may
/// change, and neither provider promises that a count by them equals the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageRule {
    /// OpenAI's older models: scaled down into 2,048 × 2,048 pixels, then to 768 along the shorter side;
    /// `tile` for each begun square of 512 pixels, and `base`.
    Tiles {
        /// For the image, and all of it when its detail is low.
        base: u32,
        /// For each tile.
        tile: u32,
    },
    /// OpenAI's smaller and newer models: begun squares of 32 pixels, scaled down to at most so many of
    /// them, times a factor of the model.
    Patches {
        /// The factor, in hundredths.
        percent: u32,
        /// The most squares.
        most: u32,
    },
    /// Anthropic: begun squares of 28 pixels, scaled down to at most so many of them and so many pixels
    /// along the longer side. (Until 2026 its documentation said width × height / 750, about 4 % more.)
    Blocks {
        /// The longer side, in pixels.
        side: u32,
        /// The most squares.
        most: u32,
    },
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
    /// `gpt-5`, `gpt-5.1`.
    pub const GPT_5: Self = Self::Tiles {
        base: 70,
        tile: 140,
    };
    /// `gpt-4.1-mini`.
    pub const GPT_4_1_MINI: Self = Self::Patches {
        percent: 162,
        most: 1536,
    };
    /// `gpt-4.1-nano`.
    pub const GPT_4_1_NANO: Self = Self::Patches {
        percent: 246,
        most: 1536,
    };
    /// `o4-mini`.
    pub const O4_MINI: Self = Self::Patches {
        percent: 172,
        most: 1536,
    };
    /// `gpt-5-mini`, as users reported in March and June 2026; the documentation said 162.
    pub const GPT_5_MINI: Self = Self::Patches {
        percent: 120,
        most: 1536,
    };
    /// `gpt-5.4` in high detail, as users reported in March 2026.
    pub const GPT_5_4: Self = Self::Patches {
        percent: 120,
        most: 2500,
    };
    /// Claude up to 4.6.
    pub const CLAUDE: Self = Self::Blocks {
        side: 1568,
        most: 1568,
    };
    /// Claude from Opus 4.7 on, which sees more.
    pub const CLAUDE_OPUS_4_7: Self = Self::Blocks {
        side: 2576,
        most: 4784,
    };
}

/// The tokens of an image of so many pixels, in high detail. Low detail costs the `base` of
/// [`ImageRule::Tiles`]. An image without pixels costs nothing.
///
/// ```
/// use autoexec_memory_trimmer::{ImageRule, image_tokens};
///
/// assert_eq!(image_tokens(1024, 1024, ImageRule::GPT_4O), 765);
/// assert_eq!(image_tokens(1000, 1000, ImageRule::CLAUDE), 1296);
/// ```
#[must_use]
pub fn image_tokens(width: u32, height: u32, rule: ImageRule) -> u32 {
    if width == 0 || height == 0 {
        return 0;
    }
    let (w, h) = (f64::from(width), f64::from(height));
    match rule {
        ImageRule::Tiles { base, tile } => {
            let fit = (2048.0 / w.max(h)).min(1.0);
            let scale = fit * (768.0 / (w.min(h) * fit)).min(1.0);
            let tiles = squares(w * scale, h * scale, 512.0);
            base.saturating_add(tile.saturating_mul(tiles as u32))
        }
        ImageRule::Patches { percent, most } => {
            (patches(w, h, f64::from(most)) * f64::from(percent) / 100.0).ceil() as u32
        }
        ImageRule::Blocks { side, most } => blocks(width, height, side, most),
    }
}

fn squares(width: f64, height: f64, side: f64) -> f64 {
    // A thousandth of a pixel beyond a border is rounding.
    let along = |pixels: f64| (pixels / side - 1e-6).ceil().max(1.0);
    along(width) * along(height)
}

/// Patches of 32 pixels, of an image scaled such that a whole number of them fits along one side.
fn patches(width: f64, height: f64, most: f64) -> f64 {
    if squares(width, height, 32.0) <= most {
        return squares(width, height, 32.0);
    }
    let shrink = (32.0 * 32.0 * most / (width * height)).sqrt();
    let whole = |pixels: f64| (pixels * shrink / 32.0).floor().max(1.0) / (pixels * shrink / 32.0);
    let scale = shrink * whole(width).min(whole(height));
    squares(width * scale, height * scale, 32.0).min(most)
}

/// Blocks of 28 pixels of the largest image of the same proportions that is within the bounds.
fn blocks(width: u32, height: u32, side: u32, most: u32) -> u32 {
    let (long, short) = (width.max(height), width.min(height));
    let of = |scaled: u32| {
        let across = f64::from(short) * f64::from(scaled) / f64::from(long);
        squares(f64::from(scaled), across.round(), 28.0)
    };
    // Between these, as many blocks or more the larger the image.
    let (mut fits, mut over) = (1, long.min(side) + 1);
    while over - fits > 1 {
        let middle = fits.midpoint(over);
        match of(middle) <= f64::from(most) {
            true => fits = middle,
            false => over = middle,
        }
    }
    of(fits) as u32
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
