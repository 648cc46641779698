//! The page: files that are part of the program, served as they are.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::state::State;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Path, content type, content.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("../assets/index.html")),
    ("/assets/style.css", CSS, include_str!("../assets/style.css")),
    ("/assets/parts.css", CSS, include_str!("../assets/parts.css")),
    ("/assets/phone.css", CSS, include_str!("../assets/phone.css")),
    ("/assets/icon.svg", SVG, include_str!("../assets/icon.svg")),
    ("/assets/app.js", SCRIPT, include_str!("../assets/app.js")),
    ("/assets/account.js", SCRIPT, include_str!("../assets/account.js")),
    ("/assets/api.js", SCRIPT, include_str!("../assets/api.js")),
    ("/assets/attackers.js", SCRIPT, include_str!("../assets/attackers.js")),
    ("/assets/events.js", SCRIPT, include_str!("../assets/events.js")),
    ("/assets/fleet.js", SCRIPT, include_str!("../assets/fleet.js")),
    ("/assets/histogram.js", SCRIPT, include_str!("../assets/histogram.js")),
    ("/assets/table.js", SCRIPT, include_str!("../assets/table.js")),
    ("/assets/text.js", SCRIPT, include_str!("../assets/text.js")),
];

pub(crate) fn routes() -> Router<State> {
    FILES.iter().fold(Router::new(), |router, (path, kind, content)| {
        router.route(path, get(async || file(kind, content)))
    })
}

fn file(kind: &'static str, content: &'static str) -> impl IntoResponse {
    // They come with the program, and change with it.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], content)
}
