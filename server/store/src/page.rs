//! A page of memory that a store and its frozen copies share until the store writes to it.
//!
//! A store that was never frozen owns all its pages, so that a write to one costs a comparison and nothing else.

use std::sync::Arc;

/// A page. One that has not been needed yet is an empty list.
#[derive(Debug)]
pub(crate) enum Page<T> {
    /// Nobody else sees it.
    Own(Box<[T]>),
    /// Others may see it.
    Shared(Arc<Box<[T]>>),
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self::Own(Box::default())
    }
}

impl<T: Clone> Page<T> {
    #[inline]
    pub(crate) fn get(&self) -> &[T] {
        match self {
            Self::Own(page) => page,
            Self::Shared(page) => page,
        }
    }

    /// The page to be written to. One that others see is copied first.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut [T] {
        if let Self::Shared(shared) = self {
            *self = Self::Own(take_back(shared));
        }
        match self {
            Self::Own(page) => page,
            Self::Shared(_) => &mut [],
        }
    }

    /// Another page with the same content and, unless it is empty, the same memory.
    pub(crate) fn share(&mut self) -> Self {
        match self {
            Self::Own(page) if page.is_empty() => Self::default(),
            Self::Own(page) => {
                let shared = Arc::new(std::mem::take(page));
                *self = Self::Shared(Arc::clone(&shared));
                Self::Shared(shared)
            }
            Self::Shared(shared) => Self::Shared(Arc::clone(shared)),
        }
    }
}

/// The memory itself when nobody else sees it any more, otherwise a copy.
#[cold]
fn take_back<T: Clone>(shared: &mut Arc<Box<[T]>>) -> Box<[T]> {
    match Arc::get_mut(shared) {
        Some(page) => std::mem::take(page),
        None => Box::clone(shared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_copies_only_what_others_see() {
        let mut page = Page::Own(vec![1, 2, 3].into_boxed_slice());
        let first_address = page.get().as_ptr();
        let other = page.share();
        let third = page.share();
        assert_eq!(other.get().as_ptr(), first_address);
        page.get_mut()[0] = 9;
        assert_ne!(page.get().as_ptr(), first_address);
        assert_eq!((page.get(), other.get(), third.get()), (&[9, 2, 3][..], &[1, 2, 3][..], &[1, 2, 3][..]));

        let second_address = page.get().as_ptr();
        drop(page.share());
        page.get_mut()[1] = 8;
        assert_eq!((page.get().as_ptr(), page.get()), (second_address, &[9, 8, 3][..]));
    }

    #[test]
    fn a_page_takes_no_more_room_than_what_it_owns() {
        assert_eq!(size_of::<Page<u64>>(), size_of::<Box<[u64]>>());
    }
}
