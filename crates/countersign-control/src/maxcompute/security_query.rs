//! The body of `POST /projects/{p}/authorization`: a statement of MaxCompute's security language, in XML.
//!
//! ```xml
//! <Authorization><Query>whoami</Query><ResponseInJsonFormat>true</ResponseInJsonFormat></Authorization>
//! ```
//!
//! A document type is refused, and with it every entity but the five of XML itself. Nothing here recurses.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

/// How deep elements may stand in each other.
const DEEPEST: usize = 8;

/// Reads the query out of a body. The error says why it cannot be read.
pub(super) fn read(body: &[u8]) -> Result<String, &'static str> {
    const MALFORMED: &str = "it is not well-formed";
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let mut place = Place::default();
    loop {
        match reader.read_event().map_err(|_| MALFORMED)? {
            Event::Start(element) => place.enter(element.name().as_ref())?,
            Event::Empty(element) => {
                place.enter(element.name().as_ref())?;
                place.leave();
            }
            Event::End(_) => place.leave(),
            Event::Text(text) => place.text(&text.xml10_content())?,
            Event::CData(text) => place.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => place.text(&resolve(&reference)?)?,
            Event::DocType(_) => return Err("it has a document type, which is not taken"),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if place.depth > 0 => return Err(MALFORMED),
            Event::Eof => return place.query.ok_or("it should hold a `Query` in an `Authorization`"),
        }
    }
}

/// Where in the document the reader is, and what it has found.
#[derive(Default)]
struct Place {
    depth: usize,
    has_root: bool,
    in_query: bool,
    query: Option<String>,
}

impl Place {
    fn enter(&mut self, name: &str) -> Result<(), &'static str> {
        match self.depth {
            0 if self.has_root || name != "Authorization" => {
                return Err("its root should be one `Authorization`");
            }
            0 => self.has_root = true,
            1 if name == "Query" => {
                if self.query.is_some() {
                    return Err("it holds more than one `Query`");
                }
                self.in_query = true;
                self.query = Some(String::new());
            }
            DEEPEST.. => return Err("its elements stand too deep in each other"),
            _ if self.in_query => return Err("its `Query` holds elements"),
            _ => {}
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth < 2 {
            self.in_query = false;
        }
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        if self.depth == 0 && !text.trim().is_empty() {
            return Err("there is text outside its root");
        }
        if let Some(query) = self.query.as_mut().filter(|_| self.in_query) {
            query.push_str(text);
        }
        Ok(())
    }
}

/// The text that a reference such as `&lt;` or `&#65;` stands for.
fn resolve(reference: &BytesRef<'_>) -> Result<String, &'static str> {
    const UNKNOWN: &str = "it refers to an entity that XML does not have";
    if let Some(character) = reference.resolve_char_ref().map_err(|_| UNKNOWN)? {
        return Ok(character.to_string());
    }
    resolve_xml_entity(reference).map(str::to_owned).ok_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_clients_send_is_read() {
        let odpscmd = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Authorization>\n   <Query>whoami</Query>\n   \
                       <ResponseInJsonFormat>false</ResponseInJsonFormat>\n</Authorization>";
        assert_eq!(read(odpscmd.as_bytes()).as_deref(), Ok("whoami"));
        let others = "<Authorization><Settings>{&quot;a&quot;:1}</Settings>\
                      <Query>a &lt; &#98; <![CDATA[& <c>]]><!-- --></Query><Token/></Authorization>";
        assert_eq!(read(others.as_bytes()).as_deref(), Ok("a < b & <c>"));
        assert_eq!(read(b"<Authorization><Query/></Authorization>").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_not_such_a_document_is_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"whoami\"><!ENTITY b \"&a;&a;\">]><Authorization><Query>&b;</Query>\
                    </Authorization>";
        assert_eq!(read(bomb.as_bytes()), Err("it has a document type, which is not taken"));
        let unknown = "<Authorization><Query>&b;</Query></Authorization>";
        assert_eq!(read(unknown.as_bytes()), Err("it refers to an entity that XML does not have"));
        let deep = format!("<Authorization>{}", "<a>".repeat(100_000));
        assert_eq!(read(deep.as_bytes()), Err("its elements stand too deep in each other"));
        for text in [
            "",
            "whoami",
            "<Query>whoami</Query>",
            "<Authorization/>",
            "<Authorization><Query>whoami</Query>",
            "<Authorization><Query>whoami</Query></Authorisation>",
            "<Authorization><Query>a</Query></Authorization><Authorization/>",
            "<Authorization><Query>a</Query></Authorization>x",
            "<Authorization><Query>a</Query><Query>b</Query></Authorization>",
            "<Authorization><Query>who<b/>ami</Query></Authorization>",
            "<Authorization><x><Query>whoami</Query></x></Authorization>",
            "<Authorization><Query>&#0;</Query></Authorization>",
            "<Authorization><Query>a & b</Query></Authorization>",
            "</Authorization>",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
        assert_eq!(read(b"<Authorization>\xff</Authorization>"), Err("it is not UTF-8"));
    }
}
