use super::*;
use alloc::vec;

fn account(text: &str) -> Account {
    Account::parse(text).unwrap()
}

fn directory() -> Directory {
    let mut directory = Directory::new(&["example.org", "bücher.example"], [7; 32]).unwrap();
    for name in ["alice@example.org", "bob@example.org", "alice@xn--bcher-kva.example"] {
        directory.add_user(account(name), User::default());
    }
    let aliases: &[(&str, &[&str])] = &[
        ("sales@example.org", &["alice@example.org", "bob@example.org"]),
        ("info", &["sales@example.org"]),
        ("loop@example.org", &["pool@example.org"]),
        ("pool@example.org", &["loop@example.org"]),
        ("@xn--bcher-kva.example", &["alice@xn--bcher-kva.example"]),
    ];
    for (from, to) in aliases {
        directory.add_alias(from, to).unwrap();
    }
    directory
}

fn route(path: &str) -> Route {
    let (path, rest) = ForwardPath::parse(path.as_bytes(), true).unwrap();
    assert!(rest.is_empty());
    directory().route(&path)
}

fn local(names: &[&str]) -> Route {
    Route::Local(names.iter().map(|name| account(name)).collect())
}

#[test]
fn routes() {
    let cases = [
        ("<alice@example.org>", local(&["alice@example.org"])),
        ("<ALICE@Example.ORG>", local(&["alice@example.org"])),
        ("<\"alice\"@example.org>", local(&["alice@example.org"])),
        ("<alice+news@example.org>", local(&["alice@example.org"])),
        ("<sales+x@example.org>", local(&["alice@example.org", "bob@example.org"])),
        ("<info@example.org>", local(&["alice@example.org", "bob@example.org"])),
        ("<loop@example.org>", Route::Unknown),
        ("<carol@example.org>", Route::Unknown),
        ("<+x@example.org>", Route::Unknown),
        ("<carol@bücher.example>", local(&["alice@xn--bcher-kva.example"])),
        ("<postmaster>", local(&["postmaster@example.org"])),
        ("<PostMaster@example.org>", local(&["postmaster@example.org"])),
        ("<postmaster@[127.0.0.1]>", local(&["postmaster@example.org"])),
        ("<alice@[127.0.0.1]>", Route::Elsewhere),
        ("<alice@example.net>", Route::Elsewhere),
        ("<@example.org:alice@example.net>", Route::Elsewhere),
        ("<alice%example.net@example.org>", Route::Unknown),
        ("<example.net!alice@example.org>", Route::Unknown),
        ("<\"alice@example.net\"@example.org>", Route::Unknown),
        ("<\"../../alice\"@example.org>", Route::Unknown),
    ];
    for (path, expected) in cases {
        assert_eq!(route(path), expected, "{path}");
    }
}

#[test]
fn a_login_sends_as_itself_and_its_aliases() {
    let directory = directory();
    let may = |who: &str, from: &str| {
        directory.may_send_as(&account(who), &Mailbox::parse(from.as_bytes(), true).unwrap())
    };
    assert!(may("alice@example.org", "Alice+x@example.org"));
    assert!(may("alice@example.org", "info@example.org"));
    assert!(!may("alice@example.org", "bob@example.org"));
    assert!(!may("alice@example.org", "alice@example.net"));
}

#[test]
fn logins() {
    let directory = directory();
    let login = |name: &str| directory.login(name).map(|(it, _)| it.clone());
    assert_eq!(login("Bob@example.org"), Some(account("bob@example.org")));
    assert_eq!(login("bob"), Some(account("bob@example.org")));
    assert_eq!(login("alice"), None, "two domains have one");
    assert_eq!(login("carol@example.org"), None);
    assert_eq!(login("../x@example.org"), None);
}

#[test]
fn what_is_wrong_is_said() {
    assert!(Directory::new(&[], [0; 32]).is_err());
    assert!(Directory::new(&["not a domain"], [0; 32]).is_err());
    let mut directory = directory();
    let abroad = directory.add_alias("x@example.org", &["y@example.net"]);
    assert!(abroad.unwrap_err().to_string().contains("local domain"));
    let none: &[&str] = &[];
    assert!(directory.add_alias("x@example.org", none).is_err());
    assert_eq!(directory.dangling_aliases().len(), 2);
    assert_eq!(
        vec![account("alice@example.org")],
        directory.users().map(|(it, _)| it.clone()).take(1).collect::<Vec<_>>()
    );
}

#[test]
fn who_does_not_exist_has_one_set_of_keys_too() {
    let directory = directory();
    let keys = directory.decoy_keys("carol@example.org");
    assert_eq!(keys, directory.decoy_keys("Carol"));
    assert_ne!(keys, directory.decoy_keys("dave"));
}
