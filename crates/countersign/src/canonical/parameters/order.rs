//! In which order parameters stand when they are sorted, and whether a name stands there twice.

use super::super::first_eight;
use super::{Entry, Parameter, Parameters};

/// How many parameters are few: most requests have no more.
const FEW: usize = 16;

/// In which order parameters stand when they are sorted by their names, and by their values where names are the same.
#[derive(Clone)]
pub(super) struct Order {
    /// Their places among all, where they are few.
    few: [u8; FEW],
    /// Where they are not.
    many: Vec<u16>,
    /// Whether some name stands more than once.
    repeats: bool,
}

impl Order {
    #[inline(always)]
    fn place(&self, number: usize) -> usize {
        let place = self.many.get(number).copied();
        place.map_or_else(|| self.few.get(number).copied().unwrap_or_default().into(), usize::from)
    }
}

/// Goes through parameters in order.
#[derive(Clone)]
struct Sorted<'p, 'r> {
    all: &'p Parameters<'r>,
    list: &'p [Entry],
    order: &'p Order,
    number: usize,
}

impl<'p, 'r> Iterator for Sorted<'p, 'r> {
    type Item = Parameter<'p, 'r>;

    #[inline(always)]
    fn next(&mut self) -> Option<Parameter<'p, 'r>> {
        if self.number >= self.list.len() {
            return None;
        }
        let entry = self.list.get(self.order.place(self.number))?;
        self.number += 1;
        Some(Parameter { all: self.all, entry })
    }
}

impl<'r> Parameters<'r> {
    /// The parameters in the order of names, and of values where names are the same.
    #[inline]
    pub fn sorted(&self) -> impl Iterator<Item = Parameter<'_, 'r>> + Clone {
        Sorted { all: self, list: &self.list, order: self.order(), number: 0 }
    }

    /// Whether some name stands more than once.
    #[inline]
    pub(crate) fn repeats(&self) -> bool {
        self.lengths.count_ones() as usize != self.len() && self.order().repeats
    }

    /// The first name that stands more than once.
    pub fn repeated(&self) -> Option<Parameter<'_, 'r>> {
        if !self.repeats() {
            return None;
        }
        let mut sorted = self.sorted();
        let mut before = sorted.next()?;
        sorted.find(|parameter| std::mem::replace(&mut before, *parameter).name() == parameter.name())
    }

    fn order(&self) -> &Order {
        self.order.get_or_init(|| self.find_order())
    }

    fn find_order(&self) -> Order {
        const AS_SENT: [u8; FEW] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let mut few = AS_SENT;
        let Some(places) = few.get_mut(..self.len()) else {
            let mut many: Vec<u16> = (0..=u16::MAX).take(self.len()).collect();
            let repeats = self.sort(&mut many);
            return Order { few, many, repeats };
        };
        let are_in_order = self.len() < 4 && self.iter().is_sorted_by(|a, b| a.name() < b.name());
        let repeats = !are_in_order && !self.sort_by_first_bytes(places) && self.sort(places);
        Order { few, many: Vec::new(), repeats }
    }

    /// Sorts places by what stands there, and tells whether some name stands more than once.
    fn sort<P: Copy + Into<usize>>(&self, places: &mut [P]) -> bool {
        let name = |place: &P| self.list.get((*place).into()).map(|entry| entry.name(self.text_of(entry)));
        let value = |place: &P| self.list.get((*place).into()).map(|entry| entry.value(self.text_of(entry)));
        places.sort_by_key(|place| (name(place), value(place)));
        !places.is_sorted_by(|a, b| name(a) < name(b))
    }

    /// The same by the first bytes of names, if no two begin alike: whether none do. Names that differ do so there, nearly all
    /// of them, and as numbers those compare in no time.
    fn sort_by_first_bytes(&self, places: &mut [u8]) -> bool {
        let mut firsts = [0; FEW];
        for (first, entry) in firsts.iter_mut().zip(&self.list) {
            *first = entry.first.number();
        }
        let first = |place: &u8| firsts.get(usize::from(*place) % FEW).copied().unwrap_or_default();
        places.sort_unstable_by_key(first);
        places.is_sorted_by(|a, b| first(a) < first(b))
    }
}

/// The first sixteen bytes of a name, and 0 for those that it has not: two names compare as these do, where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstBytes([u64; 2]);

impl FirstBytes {
    #[inline(always)]
    pub(super) fn of(name: &[u8]) -> Self {
        Self([first_eight(name), name.get(8..).map_or(0, first_eight)])
    }

    /// The same of a name that is the start of some bytes.
    #[inline(always)]
    pub(super) fn of_start(bytes: &[u8], length: usize) -> Self {
        #[cold]
        fn of_few(bytes: &[u8], length: usize) -> FirstBytes {
            FirstBytes::of(bytes.get(..length).unwrap_or(bytes))
        }
        let Some(sixteen) = bytes.first_chunk() else { return of_few(bytes, length) };
        let number = u128::from_be_bytes(*sixteen) & FIRST_BYTES.get(length).copied().unwrap_or(u128::MAX);
        Self([(number >> 64) as u64, number as u64])
    }

    #[inline(always)]
    fn number(self) -> u128 {
        let Self([high, low]) = self;
        u128::from(high) << 64 | u128::from(low)
    }
}

/// As many bytes from the first on as a length has, up to 15.
#[allow(clippy::indexing_slicing, reason = "the compiler makes it, and would say so")]
static FIRST_BYTES: [u128; 16] = {
    let mut masks = [0; 16];
    let mut length = 1;
    while length < masks.len() {
        masks[length] = !(u128::MAX >> (8 * length));
        length += 1;
    }
    masks
};
