//! How often somebody may try: so many times at once, and then once in a while. It is kept in memory, within bounds, and
//! forgotten when the process ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign::Timestamp;
use countersign::crypto::sha256;

/// How many are told apart. Whoever comes beyond that shares one allowance with all others who do.
const MOST: usize = 65_536;
/// How often those who have their whole allowance again are forgotten, at most, in milliseconds.
const SWEEP: i64 = 1000;

/// How often somebody may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many times at once,
    pub burst: u32,
    /// and then once in so long.
    pub every: Duration,
}

/// Who tries, or on whom: a hash of whatever tells one from another, so that all take the same room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

/// Allowances of one rate.
#[derive(Debug)]
pub struct Throttle {
    rate: Rate,
    most: usize,
    tries: Mutex<Tries>,
}

#[derive(Debug, Default)]
struct Tries {
    /// When each has its whole allowance again, in milliseconds since 1970.
    whole: HashMap<Key, i64>,
    swept: i64,
}

impl Key {
    /// All who have this text in common, such as an account's id.
    pub fn of(text: &str) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(sha256(text.as_bytes())).for_each(|(to, from)| *to = from);
        Self(key)
    }

    /// All who have this address, or who share a network with it that is handed out to one customer: for IPv6 a /64. All
    /// without an address are one.
    pub fn of_address(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::of("no address"),
            Some(IpAddr::V4(v4)) => Self::of(&format!("v4 {v4}")),
            Some(IpAddr::V6(v6)) => Self::of(&format!("v6 {:x}", v6.to_bits() >> 64)),
        }
    }

    const REST: Self = Self([0; 16]);
}

impl Throttle {
    /// Allowances of this rate, whole ones.
    pub fn new(rate: Rate) -> Self {
        Self { rate, most: MOST, tries: Mutex::default() }
    }

    /// Takes one try.
    ///
    /// # Errors
    ///
    /// How long it takes until there is another one. Asking does not make it longer.
    pub fn take(&self, key: Key, now: Timestamp) -> Result<(), Duration> {
        let now = now.unix_millis();
        let every = millis(self.rate.every);
        let burst = every.saturating_mul(i64::from(self.rate.burst));
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = tries.place(key, now, self.most);
        // A clock that was set back holds nobody up for longer than his whole allowance.
        let noted = tries.whole.get(&key).copied().unwrap_or(now);
        let whole = noted.clamp(now, now.saturating_add(burst));
        let next = whole.saturating_add(every);
        let wait = next.saturating_sub(now).saturating_sub(burst);
        if wait > 0 {
            tries.whole.insert(key, whole);
            return Err(Duration::from_millis(wait.unsigned_abs()));
        }
        tries.whole.insert(key, next);
        Ok(())
    }

    /// Gives a try back that turned out to be none, such as the right password.
    pub fn give_back(&self, key: Key) {
        let every = millis(self.rate.every);
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(whole) = tries.whole.get_mut(&key) {
            *whole = whole.saturating_sub(every);
        }
    }
}

impl Tries {
    /// The key itself, or that of the rest where there is no room.
    fn place(&mut self, key: Key, now: i64, most: usize) -> Key {
        if self.whole.contains_key(&key) || self.whole.len() < most {
            return key;
        }
        if (now - self.swept).abs() >= SWEEP {
            self.swept = now;
            self.whole.retain(|_, whole| *whole > now);
        }
        if self.whole.len() < most { key } else { Key::REST }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, every: Duration::from_secs(10) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(1_790_000_000_000 + seconds * 1000)
    }

    #[test]
    fn so_many_at_once_and_then_one_at_a_time() {
        let throttle = Throttle::new(RATE);
        let (a, b) = (Key::of("a"), Key::of("b"));
        for _ in 0..3 {
            assert_eq!(throttle.take(a, at(0)), Ok(()));
        }
        for _ in 0..9 {
            assert_eq!(throttle.take(a, at(4)), Err(Duration::from_secs(6)), "asking makes it no longer");
        }
        assert_eq!(throttle.take(b, at(4)), Ok(()));
        assert_eq!(throttle.take(a, at(10)), Ok(()));
        assert!(throttle.take(a, at(10)).is_err());
        throttle.give_back(a);
        assert_eq!(throttle.take(a, at(10)), Ok(()));
        // After a while all of it is there again, and no more.
        for _ in 0..3 {
            assert_eq!(throttle.take(a, at(10_000)), Ok(()));
        }
        assert!(throttle.take(a, at(10_000)).is_err());
    }

    #[test]
    fn case_59_a_clock_that_is_set_back_locks_nobody_out() {
        let throttle = Throttle::new(RATE);
        for _ in 0..3 {
            throttle.take(Key::of("a"), at(1_000_000)).unwrap();
        }
        let wait = throttle.take(Key::of("a"), at(0)).unwrap_err();
        assert!(wait <= Duration::from_secs(10), "{wait:?}");
        assert_eq!(throttle.take(Key::of("a"), at(30)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_nobody_is_forgotten_for_it() {
        let throttle = Throttle { most: 100, ..Throttle::new(RATE) };
        for _ in 0..3 {
            throttle.take(Key::of("victim"), at(0)).unwrap();
        }
        for n in 0..10_000 {
            let _ = throttle.take(Key::of(&format!("{n}")), at(0));
        }
        assert!(throttle.tries.lock().unwrap().whole.len() <= 101);
        assert!(throttle.take(Key::of("victim"), at(1)).is_err(), "a flood does not clear what was noted");
        assert!(throttle.take(Key::of("another"), at(1)).is_err(), "the rest share one allowance");
        assert_eq!(throttle.take(Key::of("another"), at(60)), Ok(()));
        assert!(throttle.tries.lock().unwrap().whole.len() < 10);
    }

    #[test]
    fn one_customers_addresses_are_one() {
        let key = |text: &str| Key::of_address(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.2"), key("192.0.2.1"));
        assert_ne!(key("::1"), Key::of_address(None));
    }
}
