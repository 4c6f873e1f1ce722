//! Text in XML 1.0, for all dialects that speak it.

/// A text that may stand in a CDATA section: no end of one, and no character that XML 1.0 does not have.
pub(super) fn in_cdata(text: &str) -> String {
    allowed(text).replace("]]>", "]]]]><![CDATA[>")
}

/// A text that may stand between tags.
pub fn escaped(text: &str) -> String {
    allowed(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Replaces what XML 1.0 cannot hold (section 2.2): control characters, and two that are no characters.
fn allowed(text: &str) -> String {
    text.replace(
        |c: char| (c.is_control() && !"\t\n\r".contains(c)) || matches!(c, '\u{fffe}' | '\u{ffff}'),
        "\u{fffd}",
    )
}
