use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::assemble;

/// `name=value` pairs, parted by `;`, as `name=text` rows.
fn rows(parameters: &str) -> Vec<String> {
    let pairs = parameters.split(';').filter_map(|pair| pair.split_once('='));
    let parameters = assemble(pairs.map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    parameters
        .iter()
        .map(|one| format!("{}={}", String::from_utf8_lossy(&one.name), one.text()))
        .collect()
}

#[test]
fn parameters_are_put_together() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("CharSet=utf-8", &["charset=utf-8"]),
        ("title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", &["title=This is ***fun***"]),
        (
            "title*0*=us-ascii'en'This%20is;title*1*=%20even;title*2= more%20",
            &["title=This is even more%20"],
        ),
        ("url*0=ftp://;url*1=cs.utk.edu", &["url=ftp://cs.utk.edu"]),
        ("url*1=cs.utk.edu;url*0=ftp://", &["url=ftp://cs.utk.edu"]),
        ("a*0=x;b=y;a*1=z", &["a=xz", "b=y"]),
        ("a*0=x;a*2=z", &["a=x"]),
        ("a*1=x", &["a="]),
        ("a*1=x;a=y", &["a=y"]),
        ("a=y;a*0=x", &["a=x"]),
        ("a=y;a*=utf-8''x", &["a=x"]),
        ("a*0=y;a*=utf-8''x", &["a=x"]),
        ("a=x;A=y", &["a=x"]),
        ("a*=x%41", &["a=xA"]),
        ("a*=utf-8'x%41", &["a=utf-8'xA"]),
        ("a*=utf-8'%zz%4", &["a=utf-8'%zz%4"]),
        ("a*=utf-8''%zz%4", &["a=%zz%4"]),
        ("a*=''%C3%A4", &["a=ä"]),
        ("a*=none''%C3%A4", &["a=ä"]),
        ("a*0*=utf-8''%C3;a*1*=%A4", &["a=ä"]),
        ("a*0*=iso-8859-1''%E4;a*1*=utf-8''b", &["a=äutf-8''b"]),
        ("a=\u{e4}", &["a=ä"]),
        ("a=?", &["a=?"]),
        ("a**=x", &["a**=x"]),
        ("a*x=y", &["a*x=y"]),
        ("a*99999999999=y", &["a*99999999999=y"]),
    ];
    for (parameters, expected) in cases {
        assert_eq!(rows(parameters), *expected, "{parameters}");
    }
    assert_eq!(assemble([(&b"a"[..], &b"=?utf-8?q?=C3=A4?="[..])])[0].text(), "ä");
}

#[test]
fn charset_and_language_are_kept() {
    let parameters = assemble([(&b"a*"[..], &b"ISO-8859-1'de'%E4"[..])]);
    assert_eq!(parameters[0].charset.as_deref(), Some(&b"ISO-8859-1"[..]));
    assert_eq!(parameters[0].language.as_deref(), Some(&b"de"[..]));
    assert_eq!(parameters[0].octets, b"\xe4");
}

proptest! {
    #[test]
    fn any_parameters_are_survived(parameters in "[ab*01=%'4;]{0,60}") {
        let rows = rows(&parameters);
        prop_assert!(rows.len() <= parameters.matches(';').count() + 1);
    }
}
