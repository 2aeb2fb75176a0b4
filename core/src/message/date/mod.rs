//! Dates of mail: RFC 5322 `date-time`, IMAP `date-time` and `date`, and the civil calendar beneath.
//!
//! A [`DateTime`] is an instant in Unix seconds and the offset from UTC it was written with, so
//! that what was read can be written again. A [`Date`] is a day of the civil calendar, without a
//! time: what IMAP's SEARCH compares.

mod civil;
mod read;

#[cfg(test)]
mod tests;

use alloc::string::String;
use core::fmt;

pub use civil::Date;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The names of months, as RFC 5322 §3.3 and RFC 3501 §9 (`date-month`) spell them.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The names of days, from Sunday on.
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// An instant, and the offset from UTC it is told in.
///
/// ```
/// use postroad_core::message::date::DateTime;
///
/// let date = DateTime::parse(b"Mon, 7 Feb 1994 21:52:25 -0800 (PST)").unwrap();
/// assert_eq!(date, DateTime { seconds: 760_686_745, offset: -480 });
/// assert_eq!(date.to_string(), "Mon, 7 Feb 1994 21:52:25 -0800");
/// assert_eq!(date.to_imap(), " 7-Feb-1994 21:52:25 -0800");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct DateTime {
    /// Seconds since the Unix epoch, UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset: i16,
}

/// A local time of day and its day: what a [`DateTime`] looks like on a wall.
struct Wall {
    date: Date,
    hour: i64,
    minute: i64,
    second: i64,
}

impl DateTime {
    /// An instant told in UTC.
    #[must_use]
    pub const fn utc(seconds: i64) -> Self {
        Self { seconds, offset: 0 }
    }

    /// The day as its writer saw it: in the date's own offset.
    ///
    /// IMAP's SEARCH compares this day, "disregarding time and timezone" (RFC 3501 §6.4.4).
    #[must_use]
    pub fn date(self) -> Date {
        self.wall().date
    }

    /// The IMAP form, 26 characters without the quotes around them (RFC 3501 §9 `date-time`).
    #[must_use]
    pub fn to_imap(self) -> String {
        let Wall { date, hour, minute, second } = self.wall();
        let (sign, zone) = self.zone();
        alloc::format!(
            "{:>2}-{}-{:04} {hour:02}:{minute:02}:{second:02} {sign}{zone:04}",
            date.day(),
            date.month_name(),
            date.year(),
        )
    }

    fn wall(self) -> Wall {
        let local = self.seconds.saturating_add(i64::from(self.offset) * 60);
        let second = local.rem_euclid(DAY);
        Wall {
            date: Date::from_days(local.div_euclid(DAY)),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// The sign and the four digits of a zone.
    fn zone(self) -> (char, u16) {
        let minutes = self.offset.unsigned_abs();
        (if self.offset < 0 { '-' } else { '+' }, minutes / 60 * 100 + minutes % 60)
    }
}

/// The form of RFC 5322 §3.3, such as `Mon, 7 Feb 1994 21:52:25 -0800`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wall { date, hour, minute, second } = self.wall();
        let (sign, zone) = self.zone();
        write!(
            f,
            "{}, {} {} {:04} {hour:02}:{minute:02}:{second:02} {sign}{zone:04}",
            date.weekday_name(),
            date.day(),
            date.month_name(),
            date.year(),
        )
    }
}
