//! Where panics happen: a panic that is caught has lost its place, and a case that fails should name its line.

use std::cell::RefCell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::{Arc, Mutex, Once, PoisonError};

thread_local! {
    static CURRENT: RefCell<Option<Panics>> = const { RefCell::new(None) };
}

/// The place of the last panic on the threads that one case uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Panics(Arc<Mutex<Option<String>>>);

impl Panics {
    /// Nothing yet, and nobody is watched.
    pub(crate) fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = take_hook();
            set_hook(Box::new(move |panic| {
                note(panic);
                before(panic);
            }));
        });
        Self::default()
    }

    /// Panics of this thread count from now on, and no other case's.
    pub(crate) fn watch_this_thread(&self) {
        CURRENT.with_borrow_mut(|current| *current = Some(self.clone()));
    }

    /// The place of the last panic: `src/cases/state/values.rs:20:5`.
    pub(crate) fn last(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(panic: &PanicHookInfo<'_>) {
    let Some(place) = panic.location() else { return };
    // A panic while the thread ends has no thread-local any more, and no case.
    let _ = CURRENT.try_with(|current| {
        let Ok(current) = current.try_borrow() else { return };
        let Some(Panics(last)) = &*current else { return };
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(place.to_string());
    });
}
