//! The civil calendar over days since the Unix epoch.

use alloc::string::String;

use super::{DAYS, MONTHS};

/// A day of the (proleptic) Gregorian calendar, from year 0 to 9999. Days order as they pass.
///
/// ```
/// use postroad_core::message::date::Date;
///
/// let date = Date::parse_imap(b"1-Feb-1994").unwrap();
/// assert_eq!((date.year(), date.month(), date.day()), (1994, 2, 1));
/// assert_eq!(date.weekday_name(), "Tue");
/// assert!(date < Date::new(1994, 3, 1).unwrap());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// Days of 400 years.
const ERA: i64 = 146_097;

impl Date {
    /// The first day that can be told.
    const FIRST: i64 = -719_528;
    /// The last day that can be told: 9999-12-31.
    const LAST: i64 = 2_932_896;

    /// A day of the calendar; `None` if there is no such day.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists =
            year <= 9999 && (1..=12).contains(&month) && day >= 1 && day <= days_of(year, month);
        exists.then_some(Self { year, month, day })
    }

    /// The day that begins `days` days after 1970-01-01, kept within the years 0 to 9999.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "each value is within its type by the calendar"
    )]
    pub fn from_days(days: i64) -> Self {
        // Years are counted from March, so that the leap day is a year's last.
        let days = days.clamp(Self::FIRST, Self::LAST) + EPOCH;
        let era = days.div_euclid(ERA);
        let day_of_era = days.rem_euclid(ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self { year: year as u16, month: month as u8, day: day as u8 }
    }

    /// Days from 1970-01-01 to this day.
    #[must_use]
    pub fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        year.div_euclid(400) * ERA + day_of_era - EPOCH
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The month's name: `Jan`, `Feb`, …
    #[must_use]
    pub fn month_name(self) -> &'static str {
        MONTHS[usize::from(self.month - 1)]
    }

    /// The day's name: `Sun`, `Mon`, …
    #[must_use]
    pub fn weekday_name(self) -> &'static str {
        // 1970-01-01 was a Thursday.
        match (self.days() + 4).rem_euclid(7) {
            0 => DAYS[0],
            1 => DAYS[1],
            2 => DAYS[2],
            3 => DAYS[3],
            4 => DAYS[4],
            5 => DAYS[5],
            _ => DAYS[6],
        }
    }

    /// The form of RFC 3501 §9 `date-text`, such as `1-Feb-1994`.
    #[must_use]
    pub fn to_imap(self) -> String {
        alloc::format!("{}-{}-{:04}", self.day, self.month_name(), self.year)
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}
