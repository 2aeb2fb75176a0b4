//! Readers of the three forms of dates.

use super::{DAY, DAYS, Date, DateTime, MONTHS};
use crate::message::header::after_blanks;

impl DateTime {
    /// Reads an RFC 5322 `date-time`, the obsolete forms of §4.3 included: comments, missing day
    /// name or seconds, years of two and three digits, named zones.
    ///
    /// Beyond the RFC it takes what real mail holds: `Feb 7 21:52:25 1994`, `1994 Feb 7`,
    /// `7-Feb-94`, `17-6-2008`, a missing time or zone, `PM`, and anything after the zone. A day
    /// name is not checked. A date that is on no calendar or clock is `None`.
    ///
    /// ```
    /// use postroad_core::message::date::DateTime;
    ///
    /// assert_eq!(DateTime::parse(b"21 Nov 97 (a Friday) 09:55 GMT"), Some(DateTime::utc(880_106_100)));
    /// assert_eq!(DateTime::parse(b"31 Feb 1997 09:55:06 -0600"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut found = Found::default();
        let mut rest = text;
        while let Some((token, tail)) = Token::next(rest) {
            found.take(token)?;
            rest = tail;
        }
        found.date_time()
    }

    /// Reads an IMAP `date-time` without its quotes (RFC 3501 §9): ` 7-Feb-1994 21:52:25 -0800`.
    #[must_use]
    pub fn parse_imap(text: &[u8]) -> Option<Self> {
        // A one-digit day is led by a space; without it, or with a zero, the meaning is as plain.
        let (date, rest) = text
            .trim_ascii_start()
            .split_at_checked(text.trim_ascii_start().len().checked_sub(15)?)?;
        let [b' ', h1, h2, b':', m1, m2, b':', s1, s2, b' ', sign @ (b'+' | b'-'), zone @ ..] =
            rest
        else {
            return None;
        };
        let seconds = time(number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?)?;
        let offset = zone_minutes(*sign, zone)?;
        let days = Date::parse_imap(date)?.days();
        Some(Self { seconds: days * DAY + seconds - i64::from(offset) * 60, offset })
    }
}

impl Date {
    /// Reads an IMAP `date-text` (RFC 3501 §9): `1-Feb-1994`, the day of one or two digits.
    #[must_use]
    pub fn parse_imap(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|&byte| byte == b'-');
        let (day, name, year) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || day.len() > 2 || name.len() != 3 || year.len() != 4 {
            return None;
        }
        Self::new(number(year)?, month(name)?, u8::try_from(number(day)?).ok()?)
    }
}

/// A token of a date, comments and separators left out.
enum Token<'a> {
    Word(&'a [u8]),
    Digits(&'a [u8]),
    /// `hour:minute[:second]`
    Time(u16, u16, u16),
    /// A sign that stands before digits, and the digits.
    Signed(u8, &'a [u8]),
}

impl<'a> Token<'a> {
    fn next(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut rest = text;
        loop {
            let (&first, tail) = rest.split_first()?;
            match first {
                b'(' => rest = after_blanks(rest),
                b'0'..=b'9' => return Some(Self::number(rest)),
                b'+' | b'-' if tail.first().is_some_and(u8::is_ascii_digit) => {
                    let (digits, tail) = span(tail, u8::is_ascii_digit);
                    return Some((Self::Signed(first, digits), tail));
                }
                byte if byte.is_ascii_alphabetic() => {
                    let (word, tail) = span(rest, u8::is_ascii_alphabetic);
                    return Some((Self::Word(word), tail));
                }
                _ => rest = tail,
            }
        }
    }

    fn number(text: &'a [u8]) -> (Self, &'a [u8]) {
        let (hour, rest) = span(text, u8::is_ascii_digit);
        let Some((minute, rest)) = after_colon(rest) else {
            return (Self::Digits(hour), rest);
        };
        let (second, rest) = after_colon(rest).unwrap_or((b"0", rest));
        // A number too large for its place is refused where a time is made of it.
        let number = |digits| number(digits).unwrap_or(u16::MAX);
        (Self::Time(number(hour), number(minute), number(second)), rest)
    }
}

/// What was seen of a date so far.
#[derive(Default)]
struct Found<'a> {
    numbers: [Option<&'a [u8]>; 3],
    month: Option<u8>,
    seconds: Option<i64>,
    offset: Option<i16>,
}

impl<'a> Found<'a> {
    fn take(&mut self, token: Token<'a>) -> Option<()> {
        match token {
            Token::Word(word) => self.take_word(word)?,
            Token::Time(hour, minute, second) if self.seconds.is_none() => {
                self.seconds = Some(time(hour, minute, second)?);
            }
            Token::Time(..) => {}
            Token::Signed(sign, digits) if self.seconds.is_some() => {
                // RFC 5322 §4.3: a zone that means nothing is told as -0000.
                self.offset = self.offset.or(Some(zone_minutes(sign, digits).unwrap_or(0)));
            }
            Token::Signed(_, digits) | Token::Digits(digits) => self.take_number(digits),
        }
        Some(())
    }

    fn take_word(&mut self, word: &[u8]) -> Option<()> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if let (None, Some(month)) = (self.month, month(word)) {
            self.month = Some(month);
        } else if let (Some(seconds), true) = (self.seconds, is("AM") || is("PM")) {
            let hour = seconds / 3600;
            let shift = if is("PM") { 12 } else { 0 };
            self.seconds = Some(seconds + (hour % 12 + shift - hour) * 3600);
        } else if self.seconds.is_some() && self.offset.is_none() && !is_day(word) {
            self.offset = Some(named_zone(word));
        }
        Some(())
    }

    fn take_number(&mut self, digits: &'a [u8]) {
        let places = if self.month.is_some() { 2 } else { 3 };
        match self.numbers.iter_mut().take(places).find(|place| place.is_none()) {
            Some(place) => *place = Some(digits),
            None if self.seconds.is_some() => {
                self.offset = self.offset.or(Some(zone_minutes(b'+', digits).unwrap_or(0)));
            }
            None => {}
        }
    }

    fn date_time(self) -> Option<DateTime> {
        let offset = self.offset.unwrap_or(0);
        let seconds = self.date()?.days() * DAY + self.seconds.unwrap_or(0);
        Some(DateTime { seconds: seconds - i64::from(offset) * 60, offset })
    }

    fn date(&self) -> Option<Date> {
        let (first, last, month) = match (self.numbers, self.month) {
            ([Some(first), Some(last), _], Some(month)) => (first, last, month),
            ([Some(first), Some(month), Some(last)], None) => {
                (first, last, u8::try_from(number(month)?).ok()?)
            }
            _ => return None,
        };
        let (day, year) = if first.len() > 2 { (last, first) } else { (first, last) };
        Date::new(full_year(year)?, month, u8::try_from(number(day)?).ok()?)
    }
}

/// RFC 5322 §4.3: two digits up to 49 are of this century, all others of two or three add 1900.
fn full_year(digits: &[u8]) -> Option<u16> {
    let year = number(digits)?;
    match digits.len() {
        2 if year < 50 => Some(year + 2000),
        2 | 3 => Some(year + 1900),
        4 => Some(year),
        _ => None,
    }
}

/// RFC 5322 §3.3: the second 60 is a leap second; it is told as the first of the next minute.
fn time(hour: u16, minute: u16, second: u16) -> Option<i64> {
    let exists = hour < 24 && minute < 60 && second <= 60;
    exists.then(|| i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

fn zone_minutes(sign: u8, digits: &[u8]) -> Option<i16> {
    let zone = i16::try_from(number(digits)?).ok()?;
    if digits.len() != 4 || zone % 100 > 59 {
        return None;
    }
    let minutes = zone / 100 * 60 + zone % 100;
    Some(if sign == b'-' { -minutes } else { minutes })
}

/// RFC 5322 §4.3: the North American zones; every other name is taken for -0000.
fn named_zone(word: &[u8]) -> i16 {
    let zones: [(&[u8], i16); 8] = [
        (b"EDT", -4),
        (b"EST", -5),
        (b"CDT", -5),
        (b"CST", -6),
        (b"MDT", -6),
        (b"MST", -7),
        (b"PDT", -7),
        (b"PST", -8),
    ];
    zones
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
        .map_or(0, |(_, hours)| hours * 60)
}

fn month(word: &[u8]) -> Option<u8> {
    let start = word.get(..3)?;
    let index = MONTHS.iter().position(|name| start.eq_ignore_ascii_case(name.as_bytes()))?;
    u8::try_from(index + 1).ok()
}

fn is_day(word: &[u8]) -> bool {
    let start = word.get(..3).unwrap_or(word);
    DAYS.iter().any(|name| start.eq_ignore_ascii_case(name.as_bytes()))
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

fn after_colon(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = after_blanks(after_blanks(text).strip_prefix(b":")?);
    let (digits, rest) = span(rest, u8::is_ascii_digit);
    (!digits.is_empty()).then_some((digits, rest))
}

fn span(text: &[u8], of: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !of(byte)).unwrap_or(text.len()))
}
