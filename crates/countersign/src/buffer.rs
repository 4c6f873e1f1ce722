//! Bytes that are appended to, and that need no allocation as long as they are few.

/// How many bytes of a short text are copied, whatever its length.
const COPIED: usize = 48;

/// Bytes in the order in which they were pushed: the first `N` stand here, and all in allocated memory where they are more.
#[derive(Clone, Debug)]
pub(crate) struct Buffer<const N: usize> {
    inline: [u8; N],
    length: usize,
    /// All of it, where it is longer than `inline`.
    long: Vec<u8>,
}

impl<const N: usize> Buffer<N> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Makes it empty again.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
        self.long.clear();
    }

    /// All of them.
    #[inline(always)]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.inline.get(..self.length).unwrap_or(&self.long)
    }

    /// Appends one.
    #[inline]
    pub(crate) fn push_byte(&mut self, byte: u8) {
        match self.inline.get_mut(self.length) {
            Some(room) => *room = byte,
            None => self.push_long(&[byte]),
        }
        self.length += 1;
    }

    /// Appends bytes.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        match self.inline.get_mut(self.length..end) {
            Some(room) => room.copy_from_slice(bytes),
            None => self.push_long(bytes),
        }
        self.length = end;
    }

    /// Appends the beginnings of some texts, each as long as is said. A short one is copied with some of what stands behind it,
    /// which the next one overwrites: a copy of a fixed length costs a fraction of one whose length is not known.
    #[inline(always)]
    pub(crate) fn push_starts<const K: usize>(&mut self, texts: [(&[u8], usize); K]) {
        let mut end = self.length;
        for (text, length) in texts {
            let room = self.inline.get_mut(end..).and_then(|room| room.first_chunk_mut::<COPIED>());
            let (Some(text), Some(room), true) = (text.first_chunk(), room, length <= COPIED) else {
                return texts
                    .iter()
                    .for_each(|(text, length)| self.push(text.get(..*length).unwrap_or(text)));
            };
            *room = *text;
            end += length;
        }
        self.length = end;
    }

    #[cold]
    fn push_long(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(self.inline.get(..self.length).unwrap_or_default());
        }
        self.long.extend_from_slice(bytes);
    }
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self { inline: [0; N], length: 0, long: Vec::new() }
    }
}

/// A short text with room behind it, so that it is copied as quickly as one that stands in a longer one: see
/// [`Buffer::push_starts`].
#[derive(Debug)]
pub(crate) struct Padded {
    text: [u8; COPIED],
    length: usize,
}

impl Padded {
    /// For constants: the compiler says so where it is longer than what is copied.
    pub(crate) const fn new(short: &[u8]) -> Self {
        let mut text = [0; COPIED];
        text.split_at_mut(short.len()).0.copy_from_slice(short);
        Self { text, length: short.len() }
    }

    /// What [`Buffer::push_starts`] takes.
    #[inline(always)]
    pub(crate) fn start(&self) -> (&[u8], usize) {
        (&self.text, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_what_is_there_whatever_its_length() {
        for piece in [1, 7, 31, 32, 33, 100, 127, 128, 129, 500] {
            let (mut bytes, mut starts, mut expected) =
                (Buffer::<128>::default(), Buffer::<128>::default(), vec![]);
            for round in 0..20u8 {
                let pushed = vec![round; piece];
                bytes.push(&pushed);
                let with_more = [&pushed[..], &[0xff; 100][..usize::from(round) * 5]].concat();
                starts.push_starts([(&with_more, piece / 2), (&with_more, piece - piece / 2)]);
                expected.extend_from_slice(&pushed);
                assert_eq!((bytes.as_bytes(), starts.as_bytes()), (&expected[..], &expected[..]), "{piece}");
            }
            bytes.push(b"");
            bytes.push_byte(b'x');
            expected.push(b'x');
            assert_eq!((bytes.as_bytes(), bytes.len()), (&expected[..], expected.len()));
            bytes.clear();
            bytes.push(b"again");
            assert_eq!(bytes.as_bytes(), b"again");
        }
    }
}
