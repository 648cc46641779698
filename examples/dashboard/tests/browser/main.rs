//! The page in a real Chromium, driven by WebDriver, over a real SQLite file.
//!
//! Needs `chromium` and `chromedriver` (Debian: `apt-get install chromium chromium-driver`). `SKIP_BROWSER=1` leaves
//! these tests out, and says so. Screenshots are in `target/tmp/dashboard`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "sqlite")]

mod browser;
mod hostile;
mod looks;
mod service;
mod use_it;

/// Runs a test body with a browser, on a runtime that serves the page at the same time.
fn with_browser<F: Future<Output = ()>>(body: impl FnOnce(browser::Browser) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        if let Some(browser) = browser::Browser::start().await {
            body(browser).await;
        }
    });
}
