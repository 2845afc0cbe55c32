//! A trie of byte strings, laid out as a double array.
//!
//! (Aoe, "An efficient digital search algorithm by using a double-array structure", 1989.) The child
//! of a cell for a byte is the cell at the parent's base with the byte's bits flipped in it, if that
//! cell bears the byte as its label: no two cells have the same base.

use super::hash::{BASE_SHIFT, EMPTY, TOKEN, labelled};

struct Node {
    children: Vec<(u8, usize)>,
    token: Option<u32>,
    /// The lowest id of a token below, for common tokens have low ids.
    least: u32,
}

/// The cells, and the id of the token that ends in each, [`EMPTY`] if none.
///
/// The first 256 cells are the tokens of one byte, all of which there must be.
pub(super) fn double_array(tokens: &[&[u8]]) -> (Vec<u32>, Vec<u32>) {
    let nodes = nodes(tokens);
    let mut layout = Layout::default();
    let mut ids = Vec::new();
    let mut cells = vec![None; nodes.len()];
    // Parents come before their children, and cells that are often read lie together.
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|&at| (nodes[at].least, at));
    for at in order
        .into_iter()
        .filter(|&at| !nodes[at].children.is_empty())
    {
        let children = &nodes[at].children;
        let base = match cells[at] {
            None => layout.root(),
            Some(_) => layout.base_for(children),
        };
        if let Some(cell) = cells[at] {
            layout.cells[cell] = with_base(layout.cells[cell], base);
        }
        for &(label, child) in children {
            let cell = base ^ usize::from(label);
            let token = nodes[child].token;
            layout.cells[cell] =
                with_base(labelled(label), LEAF) | if token.is_some() { TOKEN } else { 0 };
            ids.resize(layout.cells.len(), EMPTY);
            ids[cell] = token.unwrap_or(EMPTY);
            cells[child] = Some(cell);
        }
    }
    (layout.cells, ids)
}

/// The nodes, the root first, each before its children.
fn nodes(tokens: &[&[u8]]) -> Vec<Node> {
    let node = || Node {
        children: Vec::new(),
        token: None,
        least: EMPTY,
    };
    let mut sorted: Vec<(&[u8], u32)> = tokens.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    let (mut nodes, mut path, mut before) = (vec![node()], vec![0], &b""[..]);
    for (token, id) in sorted {
        let common = before.iter().zip(token).take_while(|(a, b)| a == b).count();
        path.truncate(common + 1);
        for &byte in &token[common..] {
            let (parent, child) = (path[path.len() - 1], nodes.len());
            nodes[parent].children.push((byte, child));
            nodes.push(node());
            path.push(child);
        }
        nodes[path[path.len() - 1]].token = Some(id);
        for &at in &path {
            nodes[at].least = nodes[at].least.min(id);
        }
        before = token;
    }
    nodes
}

/// The base of a cell without children: beyond the end of the table.
const LEAF: usize = u32::MAX as usize >> BASE_SHIFT;

/// The cell with another base.
fn with_base(cell: u32, base: usize) -> u32 {
    (cell & !(u32::MAX << BASE_SHIFT)) | (base as u32) << BASE_SHIFT
}

const BLOCK: usize = 256;
/// Blocks in which so many nodes found no room are left alone.
const FAILURES_MAX: u32 = 24;

#[derive(Default)]
struct Layout {
    cells: Vec<u32>,
    /// Whether a cell's position is some cell's base.
    taken: Vec<bool>,
    /// Blocks that may have room, and how often they had none.
    open: Vec<(usize, u32)>,
}

impl Layout {
    fn root(&mut self) -> usize {
        self.grow();
        self.open.clear();
        self.taken[0] = true;
        0
    }

    fn grow(&mut self) {
        self.open.push((self.cells.len() / BLOCK, 0));
        self.cells.resize(self.cells.len() + BLOCK, 0);
        self.taken.resize(self.cells.len(), false);
    }

    fn base_for(&mut self, children: &[(u8, usize)]) -> usize {
        let mut found = None;
        for at in 0..self.open.len() {
            found = self.fit(self.open[at].0, children);
            if found.is_some() {
                break;
            }
            self.open[at].1 += 1;
        }
        self.open.retain(|&(_, failures)| failures < FAILURES_MAX);
        let base = found.unwrap_or_else(|| {
            self.grow();
            self.cells.len() - BLOCK
        });
        self.taken[base] = true;
        base
    }

    fn fit(&self, block: usize, children: &[(u8, usize)]) -> Option<usize> {
        let first = usize::from(children[0].0);
        let free = |base: usize| {
            let mut cells = children.iter().map(|&(label, _)| base ^ usize::from(label));
            !self.taken[base] && cells.all(|cell| self.cells[cell] == 0)
        };
        (block * BLOCK..(block + 1) * BLOCK)
            .filter(|&cell| self.cells[cell] == 0)
            .map(|cell| cell ^ first)
            .find(|&base| free(base))
    }
}
