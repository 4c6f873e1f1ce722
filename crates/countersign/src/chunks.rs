//! Bodies in signed chunks: `aws-chunked`, as S3 has it.
//!
//! ```text
//! <size in hex>;chunk-signature=<64 digits> \r\n <data> \r\n      as often as there is data
//! 0;chunk-signature=<64 digits> \r\n
//! <name>:<value> \r\n                                             the announced trailers, where there are any,
//! x-amz-trailer-signature:<64 digits> \r\n                        and their signature
//! \r\n
//! ```
//!
//! Each signature is over the one before it and the hash of the data; the first goes on from the request's own. So no
//! chunk can be altered, left out, added or moved. The end is signed as an empty chunk, and nothing may follow it.
//!
//! A line ends with CR LF, as clients send it. No other chunk extension is taken, for nothing signs it. The length of the
//! data is announced in a signed header field, and is held to. The checksum in a trailer is signed like the data; whether
//! it is one of the data is not looked at, for the chunks' signatures say more.
//!
//! Sources: "Signature calculations for the Authorization header: Transferring payload in multiple chunks" and "…:
//! Including trailing headers", Amazon S3 API reference.

use smallvec::SmallVec;

use crate::canonical::{decode_hex, encode_hex};
use crate::crypto::{Hash, Hasher};
use crate::key::{Signature, SigningKey};
use crate::refusal::Malformed;

/// The longest first line of a chunk: 16 digits, the name of the extension, 64 digits, and CR LF.
const LONGEST_HEAD: usize = 16 + EXTENSION.len() + 64 + 2;
const EXTENSION: &str = ";chunk-signature=";
/// The longest line of a trailer, in bytes. Checksums have no more than 90.
const LONGEST_TRAILER: usize = 1024;
/// How many trailers may be announced.
const MOST_TRAILERS: usize = 8;
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// What a request says of the signed chunks that follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunks {
    /// The bytes of the data without what frames them.
    pub decoded_length: u64,
    /// The names of the trailers in lower case, sorted. `None`: there are none, and no signature of any.
    pub trailers: Option<SmallVec<[Box<str>; 1]>>,
    /// What each string to sign has behind its first line: `<date>\n<scope>\n`.
    stem: Box<str>,
    /// The signature of the request.
    seed: Signature,
}

impl Chunks {
    /// What a request with this date, scope and signature says of its chunks.
    pub(crate) fn new(
        decoded_length: u64,
        trailers: Option<SmallVec<[Box<str>; 1]>>,
        date: &str,
        scope: &str,
        seed: Signature,
    ) -> Self {
        Self { decoded_length, trailers, stem: format!("{date}\n{scope}\n").into(), seed }
    }

    /// What is signed of a chunk whose data have this hash.
    fn of_chunk(&self, previous: &[u8], hash: &[u8]) -> Vec<u8> {
        let mut text = self.continued("AWS4-HMAC-SHA256-PAYLOAD\n", previous);
        encode_hex(&Hash::Sha256.digest(b""), &mut text);
        text.push(b'\n');
        encode_hex(hash, &mut text);
        text
    }

    /// What is signed of the trailers.
    fn of_trailers(&self, previous: &[u8], canonical: &[u8]) -> Vec<u8> {
        let mut text = self.continued("AWS4-HMAC-SHA256-TRAILER\n", previous);
        encode_hex(&Hash::Sha256.digest(canonical), &mut text);
        text
    }

    fn continued(&self, first: &str, previous: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(256);
        text.extend_from_slice(first.as_bytes());
        text.extend_from_slice(self.stem.as_bytes());
        encode_hex(previous, &mut text);
        text.push(b'\n');
        text
    }
}

/// Reads the names in `x-amz-trailer`: lower case, sorted, each once.
pub(crate) fn trailer_names(text: &str) -> Result<SmallVec<[Box<str>; 1]>, Malformed> {
    let unreadable = |why| Malformed::unreadable("x-amz-trailer", why);
    let mut names: SmallVec<[Box<str>; 1]> = SmallVec::new();
    for name in text.split(',') {
        let name = name.trim_ascii().to_ascii_lowercase();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) || name == TRAILER_SIGNATURE {
            return Err(unreadable("it should read `<name>` or `<name>,<name>`"));
        }
        if names.len() == MOST_TRAILERS {
            return Err(unreadable("it announces more trailers than are taken"));
        }
        names.push(name.into());
    }
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    if names.len() < before {
        return Err(unreadable("it announces a trailer twice"));
    }
    Ok(names)
}

/// Compares a body in chunks with their signatures, piece by piece, and holds no more than a line of it.
#[derive(Clone, Debug)]
pub(crate) struct ChunkCheck {
    chunks: Chunks,
    key: SigningKey,
    previous: Signature,
    next: Next,
    line: Vec<u8>,
    /// The data so far, of all chunks, in bytes.
    length: u64,
    /// The trailers so far.
    trailers: Vec<(Box<str>, Vec<u8>)>,
}

/// What comes next in a body.
#[derive(Clone, Debug)]
enum Next {
    Head,
    Data {
        left: u64,
        hasher: Box<Hasher>,
        signature: Signature,
    },
    Trailer,
    /// The empty line at the end.
    End,
    Nothing,
    /// The body is not the one that was signed.
    Wrong,
}

impl ChunkCheck {
    pub(crate) fn new(chunks: &Chunks, key: SigningKey) -> Self {
        Self {
            chunks: chunks.clone(),
            key,
            previous: chunks.seed.clone(),
            next: Next::Head,
            line: Vec::new(),
            length: 0,
            trailers: Vec::new(),
        }
    }

    /// Takes the next piece. `false`: the body is not the one that was signed.
    pub(crate) fn update(&mut self, mut piece: &[u8]) -> bool {
        while !piece.is_empty() {
            let Some(rest) = self.take(piece) else {
                self.next = Next::Wrong;
                return false;
            };
            piece = rest;
        }
        !matches!(self.next, Next::Wrong)
    }

    /// Whether what was taken is all of the body.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Takes some of a piece, and returns the rest. None: it is wrong.
    fn take<'p>(&mut self, piece: &'p [u8]) -> Option<&'p [u8]> {
        let longest = match &mut self.next {
            Next::Data { left, hasher, .. } if *left > 0 => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
                let (data, rest) = piece.split_at_checked(most)?;
                hasher.update(data);
                *left -= u64::try_from(most).ok()?;
                return Some(rest);
            }
            Next::Data { .. } | Next::End => 2,
            Next::Head => LONGEST_HEAD,
            Next::Trailer => LONGEST_TRAILER,
            Next::Nothing | Next::Wrong => return None,
        };
        let end = piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1);
        let (part, rest) = piece.split_at_checked(end)?;
        if self.line.len() + part.len() > longest {
            return None;
        }
        self.line.extend_from_slice(part);
        if self.line.ends_with(b"\n") {
            let mut line = std::mem::take(&mut self.line);
            self.next = self.after(line.strip_suffix(b"\r\n")?)?;
            line.clear();
            self.line = line;
        }
        Some(rest)
    }

    /// What comes next after a line. None: the line is wrong.
    fn after(&mut self, line: &[u8]) -> Option<Next> {
        match std::mem::replace(&mut self.next, Next::Wrong) {
            Next::Head => self.after_head(line),
            Next::Data { hasher, signature, .. } if line.is_empty() => {
                self.prove_chunk(&hasher.finish(), signature)?;
                Some(Next::Head)
            }
            Next::Trailer => self.after_trailer(line),
            Next::End if line.is_empty() => Some(Next::Nothing),
            Next::Data { .. } | Next::End | Next::Nothing | Next::Wrong => None,
        }
    }

    fn after_head(&mut self, line: &[u8]) -> Option<Next> {
        let (size, signature) = read_head(line)?;
        self.length = self.length.checked_add(size)?;
        if self.length > self.chunks.decoded_length {
            return None;
        }
        if size > 0 {
            return Some(Next::Data { left: size, hasher: Box::new(Hasher::new(Hash::Sha256)), signature });
        }
        if self.length != self.chunks.decoded_length {
            return None;
        }
        self.prove_chunk(&Hash::Sha256.digest(b""), signature)?;
        Some(if self.chunks.trailers.is_some() { Next::Trailer } else { Next::End })
    }

    fn after_trailer(&mut self, line: &[u8]) -> Option<Next> {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(at)?;
        let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
        let value = value.get(1..)?.trim_ascii();
        let announced = self.chunks.trailers.as_deref().unwrap_or_default();
        if name != TRAILER_SIGNATURE {
            let is_new = !self.trailers.iter().any(|(other, _)| **other == name);
            if !is_new || !announced.iter().any(|announced| **announced == name) {
                return None;
            }
            self.trailers.push((name.into(), value.to_vec()));
            return Some(Next::Trailer);
        }
        if self.trailers.len() != announced.len() {
            return None;
        }
        let canonical = canonical_trailers(&mut self.trailers);
        let text = self.chunks.of_trailers(&self.previous, &canonical);
        let signature = read_signature(value)?;
        self.key.proves(&text, &signature).then_some(Next::End)
    }

    fn prove_chunk(&mut self, hash: &[u8], signature: Signature) -> Option<()> {
        let text = self.chunks.of_chunk(&self.previous, hash);
        let proven = self.key.proves(&text, &signature);
        self.previous = signature;
        proven.then_some(())
    }
}

/// Reads `<size>;chunk-signature=<signature>`.
fn read_head(line: &[u8]) -> Option<(u64, Signature)> {
    let line = std::str::from_utf8(line).ok()?;
    let (size, signature) = line.split_once(EXTENSION)?;
    if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u64::from_str_radix(size, 16).ok()?, read_signature(signature.as_bytes())?))
}

fn read_signature(text: &[u8]) -> Option<Signature> {
    decode_hex(text).filter(|signature| signature.len() == 32)
}

fn canonical_trailers(trailers: &mut [(Box<str>, Vec<u8>)]) -> Vec<u8> {
    trailers.sort();
    let mut text = Vec::new();
    for (name, value) in trailers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    text
}

/// Writes a body in signed chunks, for a request that is signed and announces them.
#[derive(Debug)]
pub struct ChunkSigner {
    chunks: Chunks,
    key: SigningKey,
    previous: Signature,
}

impl ChunkSigner {
    /// Goes on from a request's signature with the key that has made it.
    pub(crate) fn new(chunks: Chunks, key: SigningKey) -> Self {
        let previous = chunks.seed.clone();
        Self { chunks, key, previous }
    }

    /// Appends a chunk. One without data would end the body, so none is written.
    pub fn chunk(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if !data.is_empty() {
            self.write(data, out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends the end, with the trailers that were announced.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where these are not the trailers that the request announces.
    pub fn finish(mut self, trailers: &[(&str, &str)], out: &mut Vec<u8>) -> Result<(), Malformed> {
        let mut given: Vec<(Box<str>, Vec<u8>)> = trailers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase().into(), value.trim_ascii().as_bytes().to_vec()))
            .collect();
        let canonical = canonical_trailers(&mut given);
        let announced = self.chunks.trailers.as_deref().unwrap_or_default();
        if !given.iter().map(|(name, _)| name).eq(announced.iter()) {
            return Err(Malformed::unreadable(
                "x-amz-trailer",
                "the trailers are not those that it announces",
            ));
        }
        self.write(b"", out);
        if self.chunks.trailers.is_some() {
            for line in canonical.split_inclusive(|byte| *byte == b'\n') {
                out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
                out.extend_from_slice(b"\r\n");
            }
            let text = self.chunks.of_trailers(&self.previous, &canonical);
            out.extend_from_slice(TRAILER_SIGNATURE.as_bytes());
            out.push(b':');
            encode_hex(&self.key.sign(&text).unwrap_or_default(), out);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn write(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let text = self.chunks.of_chunk(&self.previous, &Hash::Sha256.digest(data));
        self.previous = self.key.sign(&text).unwrap_or_default();
        out.extend_from_slice(format!("{:x}{EXTENSION}", data.len()).as_bytes());
        encode_hex(&self.previous, out);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(data);
    }
}
