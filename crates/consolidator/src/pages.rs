//! A vector that grows without moving what it holds.

use std::ops::{Index, IndexMut};

/// Elements of a page.
const PAGE: usize = 256;

/// A vector in pages: a doubled vector may be half empty, and a growing one copies all that it holds.
#[derive(Debug, Clone)]
pub(crate) struct Pages<T> {
    /// All full but the last.
    pages: Vec<Vec<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Pages { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    pub(crate) fn len(&self) -> usize {
        let last = self.pages.last();
        last.map_or(0, |last| (self.pages.len() - 1) * PAGE + last.len())
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.pages.get_mut(at / PAGE)?.get_mut(at % PAGE)
    }

    pub(crate) fn push(&mut self, value: T) {
        match self.pages.last_mut() {
            Some(last) if last.len() < PAGE => last.push(value),
            // The first page grows by itself: many documents are short.
            None => self.pages.push(vec![value]),
            Some(_) => {
                let mut page = Vec::with_capacity(PAGE);
                page.push(value);
                self.pages.push(page);
            }
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.pages.iter_mut().flatten()
    }
}

impl<T: Clone> Pages<T> {
    /// Appends copies of a value until there are so many elements.
    pub(crate) fn grow(&mut self, length: usize, value: &T) {
        while self.len() < length {
            self.push(value.clone());
        }
    }
}

impl<T> Index<usize> for Pages<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.pages[at / PAGE][at % PAGE]
    }
}

impl<T> IndexMut<usize> for Pages<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.pages[at / PAGE][at % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_vector() {
        let mut pages = Pages::default();
        for number in 0..1000 {
            assert_eq!((pages.len(), pages.get(number)), (number, None));
            pages.push(number);
            assert_eq!(pages[number / 2], number / 2);
        }
        pages.grow(900, &0);
        pages.grow(1500, &7);
        pages[3] = 4;
        pages.iter_mut().for_each(|number| *number += 1);
        let all: Vec<usize> = (0..pages.len()).map(|at| pages[at]).collect();
        let mut expect: Vec<usize> = (1..=1000).chain([8; 500]).collect();
        expect[3] = 5;
        assert_eq!(all, expect);
        assert_eq!(pages.get(1500), None);
        assert_eq!(pages.get_mut(1 << 40), None);
    }
}
