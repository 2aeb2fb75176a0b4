use alloc::string::ToString;

use proptest::prelude::*;

use super::*;

#[test]
fn rfc_5322_dates_and_the_wild_ones() {
    // Expected values are in the form that we write.
    for (text, expected) in [
        ("Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"),
        // RFC 5322 appendices A.5 and A.6.2
        (
            "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
            "Thu, 13 Feb 1969 23:32:00 -0330",
        ),
        ("21 Nov 97 09:55:06 GMT", "Fri, 21 Nov 1997 09:55:06 +0000"),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"),
        ("1 Jan 49 00:00:00 Z", "Fri, 1 Jan 2049 00:00:00 +0000"),
        ("1 Jan 50 00:00:00 A", "Sun, 1 Jan 1950 00:00:00 +0000"),
        ("1 Jan 103 00:00 EST", "Wed, 1 Jan 2003 00:00:00 -0500"),
        ("Sat, 24 Mar 2007 21:23:03 EDT", "Sat, 24 Mar 2007 21:23:03 -0400"),
        ("FRI, 30 NOV 2012 02:09:10 +0100", "Fri, 30 Nov 2012 02:09:10 +0100"),
        (
            "Thu, 1 Oct 2015 14:40:57 +0200 (Mitteleurop\u{e4}ische Sommerzeit",
            "Thu, 1 Oct 2015 14:40:57 +0200",
        ),
        ("Mon(day (of) \\) days), 28 Feb 2025 09:00 UT", "Fri, 28 Feb 2025 09:00:00 +0000"),
        ("17-6-2008 17:10:08", "Tue, 17 Jun 2008 17:10:08 +0000"),
        ("7-Feb-94 21:52:25 -0800", "Mon, 7 Feb 1994 21:52:25 -0800"),
        ("2015 May 9 23:00:00 -0400", "Sat, 9 May 2015 23:00:00 -0400"),
        ("Sat, Sep 10 77 12:59:19 0400", "Sat, 10 Sep 1977 12:59:19 +0400"),
        ("Sat Mar 24 21:23:03 2007", "Sat, 24 Mar 2007 21:23:03 +0000"),
        ("Sat Mar 24 21:23:03 PDT 2007", "Sat, 24 Mar 2007 21:23:03 -0700"),
        ("Fri, 28 Feb 2025 12:15:00 AM -0500", "Fri, 28 Feb 2025 00:15:00 -0500"),
        ("31 Dec 2024 10:15:00 pm", "Tue, 31 Dec 2024 22:15:00 +0000"),
        ("Fri, 28 Feb 2025 23:59:60 -0500", "Sat, 1 Mar 2025 00:00:00 -0500"),
        ("Sat, 10 Sep 2022 12:59:19 -1234567890123456789", "Sat, 10 Sep 2022 12:59:19 +0000"),
        ("Sat, 10 Sep 2022 12:59:19 -0099", "Sat, 10 Sep 2022 12:59:19 +0000"),
        ("Fri, 8 May 2015", "Fri, 8 May 2015 00:00:00 +0000"),
        ("29 Feb 2000 00:00:00 +0000", "Tue, 29 Feb 2000 00:00:00 +0000"),
    ] {
        let date = DateTime::parse(text.as_bytes());
        assert_eq!(date.map(|date| date.to_string()).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date() {
    for text in [
        "",
        "nonsense",
        "Fri",
        "21 Nov",
        "Nov 1997",
        "12:00:00",
        "(21 Nov 1997 09:55:06 -0600)",
        "29 Feb 1900 00:00:00 +0000",
        "31 Nov 1997 09:55:06 -0600",
        "0 Nov 1997 09:55:06 -0600",
        "21 Nov 1997 24:00:00 -0600",
        "21 Nov 1997 09:60:06 -0600",
        "21 Nov 1997 09:55:61 -0600",
        "21 Nov 7 09:55:06 -0600",
        "21 Nov 19970 09:55:06 -0600",
        "21 13 1997 00:00",
        "99999999999999999999 Nov 1997 09:55:06",
        "21 Nov 1997 99999999999999999999:00",
    ] {
        assert_eq!(DateTime::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn imap_dates() {
    for (text, seconds, offset) in [
        (" 7-Feb-1994 21:52:25 -0800", 760_686_745, -480),
        ("07-Feb-1994 21:52:25 -0800", 760_686_745, -480),
        ("17-Jul-1996 02:44:25 -0700", 837_596_665, -420),
        ("01-Jan-1970 00:00:00 +0000", 0, 0),
        ("31-dec-1969 23:59:59 +0000", -1, 0),
    ] {
        assert_eq!(
            DateTime::parse_imap(text.as_bytes()),
            Some(DateTime { seconds, offset }),
            "{text}"
        );
    }
    for text in [
        "",
        "1-Feb-1994",
        "7-Feb-1994 21:52:25",
        "7-Feb-94 21:52:25 -0800",
        "7-Feb-1994 21:52:25 PST",
        "7-Feb-1994 21:52:25 -080",
        "7-Feb-1994 21:52 -0800",
        "32-Feb-1994 21:52:25 -0800",
        "7-February-1994 21:52:25 -0800",
        "7 Feb 1994 21:52:25 -0800",
        "-7-Feb-1994 21:52:25 -0800",
    ] {
        assert_eq!(DateTime::parse_imap(text.as_bytes()), None, "{text}");
    }
    assert_eq!(Date::parse_imap(b"1-Feb-1994"), Date::new(1994, 2, 1));
    assert_eq!(Date::parse_imap(b"01-feb-1994"), Date::new(1994, 2, 1));
    for text in
        ["1-2-1994", "1-Feb-94", "001-Feb-1994", "29-Feb-1994", "1-Feb-1994-", " 1-Feb-1994"]
    {
        assert_eq!(Date::parse_imap(text.as_bytes()), None, "{text}");
    }
    assert_eq!(Date::new(1994, 2, 1).map(Date::to_imap).as_deref(), Some("1-Feb-1994"));
}

#[test]
fn the_day_is_that_of_the_writer() {
    let date = DateTime::parse(b"1 Feb 1994 01:00:00 +0200").map(DateTime::date);
    assert_eq!(date, Date::new(1994, 2, 1));
}

#[test]
fn every_day_follows_the_one_before() {
    let mut before = Date::from_days(-719_528);
    assert_eq!(
        (before.year(), before.month(), before.day(), before.weekday_name()),
        (0, 1, 1, "Sat")
    );
    for days in -719_527..=2_932_896_i64 {
        let date = Date::from_days(days);
        assert_eq!(date.days(), days);
        let next = Date::new(before.year(), before.month(), before.day() + 1)
            .or_else(|| Date::new(before.year(), before.month() + 1, 1))
            .or_else(|| Date::new(before.year() + 1, 1, 1));
        assert_eq!(next, Some(date));
        before = date;
    }
    assert_eq!(before, Date::from_days(i64::MAX));
    assert_eq!(before.to_imap(), "31-Dec-9999");
}

proptest! {
    #[test]
    fn written_dates_are_read_again(seconds in -62_100_000_000_i64..253_300_000_000, offset in -1439_i16..=1439) {
        let date = DateTime { seconds, offset };
        prop_assert_eq!(DateTime::parse(date.to_string().as_bytes()), Some(date));
        prop_assert_eq!(DateTime::parse_imap(date.to_imap().as_bytes()), Some(date));
        prop_assert_eq!(date.to_imap().len(), 26);
    }

    #[test]
    fn no_octets_are_too_odd(text in proptest::collection::vec(any::<u8>(), 0..60), seconds in any::<i64>(), offset in any::<i16>()) {
        let _ = DateTime::parse(&text);
        let _ = DateTime::parse_imap(&text);
        let _ = Date::parse_imap(&text);
        let written = DateTime { seconds, offset };
        prop_assert!(written.to_string().len() < 40 && written.to_imap().len() < 40);
    }

    #[test]
    fn likely_octets_are_read_without_a_fault(text in "[0-9a-zA-Z:, +()\\\\-]{0,60}") {
        let _ = DateTime::parse(text.as_bytes());
    }
}
