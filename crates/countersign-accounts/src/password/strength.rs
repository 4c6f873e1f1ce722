//! How hard a password is to guess for somebody who tries what people choose.
//!
//! It is cut into pieces in the way that makes it cheapest: words that many use, what is known of its owner, runs on the
//! keyboard, sequences, years, repetitions, and single characters for the rest. Each piece costs about as many bits as it
//! takes to find it among its kind. Length does the most for a password, unless it is more of the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::Password;

/// How many bits are enough. Guessing at that takes years even where the hash is stolen, and the sign-in page is slower.
pub const ENOUGH_BITS: u32 = 35;

/// So much of a password is looked at, in characters. What comes after can only make it harder.
const LOOKED_AT: usize = 64;
/// The longest word in the list, in characters.
const LONGEST_WORD: usize = 26;

/// Words that many use, one a line, the most common first.
const COMMON: &str = include_str!("common.txt");

static WORDS: LazyLock<HashMap<&'static str, f64>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for (rank, word) in COMMON.lines().enumerate() {
        words.insert(word, f64::from(u32::try_from(rank + 2).unwrap_or(u32::MAX)).log2());
    }
    words
});

/// Runs along the keyboard.
const ROWS: [&str; 7] = [
    "`1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "q1w2e3r4t5y6u7i8o9p0",
];

/// How hard a password is to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength {
    /// The binary logarithm of how many guesses it takes, about.
    pub bits: u32,
}

impl Strength {
    /// The strength of a password. `about` is what others know of its owner.
    pub fn of(password: &Password, about: &[&str]) -> Self {
        let text: Zeroizing<Vec<char>> = Zeroizing::new(password.expose().chars().take(LOOKED_AT).collect());
        let about: Vec<String> = about
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).chain([*text]))
            .map(str::to_lowercase)
            .filter(|word| word.chars().count() >= 3)
            .collect();
        // The cheapest way to each place, from the beginning.
        let mut cheapest = vec![0.0f64];
        for end in 1..=text.len() {
            let mut best = f64::INFINITY;
            for (start, so_far) in cheapest.iter().enumerate() {
                let Some(piece) = text.get(start..end) else { continue };
                let before = start.checked_sub(piece.len()).and_then(|from| text.get(from..start));
                // One bit more for each piece: how they are put together is to be guessed too.
                best = best.min(so_far + 1.0 + cost(piece, before, &about));
            }
            cheapest.push(best);
        }
        let bits = cheapest.last().copied().unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates, and is positive"
        )]
        Self { bits: bits as u32 }
    }

    /// Whether it is hard enough.
    pub fn is_enough(self) -> bool {
        self.bits >= ENOUGH_BITS
    }
}

/// What a piece costs, where `before` is as much of the text as stands before it.
fn cost(piece: &[char], before: Option<&[char]>, about: &[String]) -> f64 {
    let [first, rest @ ..] = piece else { return 0.0 };
    if rest.is_empty() {
        return character(*first);
    }
    let length = f64::from(u32::try_from(piece.len()).unwrap_or(u32::MAX));
    if before.is_some_and(|before| same(before, piece)) {
        return 1.0;
    }
    if piece.iter().all(|c| c == first) {
        return character(*first) + length.log2();
    }
    if piece.len() >= 3 && is_sequence(piece) {
        return 4.0 + length.log2();
    }
    if piece.len() > LONGEST_WORD.max(LOOKED_AT / 2) {
        return f64::INFINITY;
    }
    let lower = Zeroizing::new(piece.iter().flat_map(|c| c.to_lowercase()).collect::<String>());
    let varied = if piece.iter().any(|c| c.is_uppercase()) { 1.0 } else { 0.0 };
    if let Some(known) = word(&lower, about) {
        return known + varied;
    }
    if piece.len() >= 4 && ROWS.iter().any(|row| runs_along(row, &lower)) {
        return 4.0 + length.log2() + varied;
    }
    if let Ok(1940..=2039) = lower.parse::<u32>()
        && piece.len() == 4
    {
        return 6.5;
    }
    let plain = Zeroizing::new(lower.chars().map(unleet).collect::<String>());
    match word(&plain, about) {
        Some(known) => known + varied + 2.0,
        None => f64::INFINITY,
    }
}

fn character(c: char) -> f64 {
    match c {
        '0'..='9' => 3.3,
        'a'..='z' => 4.7,
        'A'..='Z' => 5.2,
        ' ' => 2.0,
        _ if c.is_ascii() => 5.0,
        _ => 7.0,
    }
}

fn same(before: &[char], piece: &[char]) -> bool {
    before.iter().zip(piece).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// `abcd`, `9876`: each is the next of the one before, or each the one before.
fn is_sequence(piece: &[char]) -> bool {
    let steps = || {
        piece
            .iter()
            .zip(piece.iter().skip(1))
            .map(|(a, b)| i64::from(u32::from(*b)) - i64::from(u32::from(*a)))
    };
    steps().all(|step| step == 1) || steps().all(|step| step == -1)
}

fn runs_along(row: &str, piece: &str) -> bool {
    row.contains(piece) || row.contains(&*Zeroizing::new(piece.chars().rev().collect::<String>()))
}

fn word(text: &str, about: &[String]) -> Option<f64> {
    if about.iter().any(|word| word == text) {
        return Some(1.0);
    }
    WORDS.get(text).copied()
}

/// The letter that a digit or sign stands for.
fn unleet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str, about: &[&str]) -> u32 {
        Strength::of(&Password::new(text), about).bits
    }

    #[test]
    fn what_people_choose_is_not_enough() {
        for text in [
            "passwordpassword",
            "Password123456",
            "P@ssw0rd1234!",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnop",
            "iloveyou1314520",
            "Welcome2026!!",
            "1qaz2wsx3edc",
            "abababababababababab",
            "monkeydragon12",
            "AdminAdmin2025",
        ] {
            assert!(bits(text, &[]) < ENOUGH_BITS, "{text}: {}", bits(text, &[]));
        }
    }

    #[test]
    fn what_nobody_else_chooses_is_enough() {
        for text in [
            "correct horse battery",
            "kzvqpwmxtrlq",
            "tr0ub4dor&3xyz",
            "plinth obverse quaternion",
            "我的猫在周四喝了三杯冷茶",
            "9Xw-2pQz-Lm4v",
        ] {
            assert!(bits(text, &[]) >= ENOUGH_BITS, "{text}: {}", bits(text, &[]));
        }
    }

    #[test]
    fn what_is_known_of_its_owner_counts_for_nothing() {
        let about = ["zbigniew.kowalczyk@frobnicate.example"];
        for text in ["zbigniewkowalczyk", "Frobnicate2026", "kowalczyk-zbigniew", "zbigniew.kowalczyk1"] {
            assert!(bits(text, &[]) >= ENOUGH_BITS - 8, "{text}: {}", bits(text, &[]));
            assert!(bits(text, &about) < ENOUGH_BITS, "{text}: {}", bits(text, &about));
        }
    }

    #[test]
    fn any_text_has_a_strength() {
        assert_eq!(bits("", &[]), 0);
        assert!(bits(&"x7!q".repeat(256), &[""]) < 64);
        assert!(
            COMMON
                .lines()
                .all(|word| word == word.to_lowercase() && (3..=LONGEST_WORD).contains(&word.len()))
        );
    }
}
