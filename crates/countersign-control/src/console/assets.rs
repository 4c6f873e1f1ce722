//! The style sheet, the script and the icon: compiled in, and named by what is in them, so that a browser may keep each
//! for ever and gets the next one at once.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest as _, Sha256};

use super::trouble::Trouble;

/// A file that pages name.
#[derive(Debug)]
pub(super) struct Asset {
    /// Where it is: `/assets/style-0123456789abcdef.css`.
    pub(super) path: String,
    content: &'static str,
    content_type: &'static str,
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let digest = Sha256::digest(content.as_bytes());
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{name}-{hash}.{extension}"), content, content_type }
    }
}

pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("assets/style.css")));
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("console", "js", "text/javascript; charset=utf-8", include_str!("assets/console.js"))
});
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")));

/// `GET /assets/{name}`.
pub(super) async fn serve(Path(name): Path<String>) -> Result<Response, Trouble> {
    let all = [&*STYLE, &*SCRIPT, &*ICON];
    let found = all.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(name.as_str()));
    let asset = found.ok_or(Trouble::NotFound)?;
    let headers =
        [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.content).into_response())
}
