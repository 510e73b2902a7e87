//! The files that every page asks for, held in the program, with a version made of their content.
//!
//! The version changes with any byte, so that a server may let browsers keep the files for a year.
//! Nothing here is fetched from another host.

/// One file that pages refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The address on this host, without query.
    pub path: &'static str,
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The content.
    pub body: &'static str,
}

/// The design tokens of the Digital Agency Design System that our styles use (MIT licence).
pub const TOKENS: Asset = Asset {
    path: "/assets/tokens.css",
    content_type: "text/css; charset=utf-8",
    body: include_str!("../../assets/tokens.css"),
};

/// The styles of the components.
pub const STYLE: Asset = Asset {
    path: "/assets/style.css",
    content_type: "text/css; charset=utf-8",
    body: include_str!("../../assets/style.css"),
};

/// The icon in the browser's tab. It is our own drawing and no official mark.
pub const ICON: Asset = Asset {
    path: "/assets/icon.svg",
    content_type: "image/svg+xml",
    body: include_str!("../../assets/icon.svg"),
};

/// Every asset, for the routes.
pub const ASSETS: &[Asset] = &[TOKENS, STYLE, ICON];

/// The version of all assets together, which pages append as `?v=` with 16 hexadecimal digits.
pub const VERSION: u64 = version();

impl Asset {
    /// The address with the version query, as pages refer to it.
    pub fn href(&self) -> String {
        format!("{}?v={VERSION:016x}", self.path)
    }
}

/// FNV-1a over the bodies, at compile time.
const fn version() -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut asset = 0;
    while asset < ASSETS.len() {
        let bytes = ASSETS[asset].body.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0100_0000_01b3);
            index += 1;
        }
        asset += 1;
    }
    hash
}
