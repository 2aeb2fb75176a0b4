use super::suite::name;
use super::{Failure, Memory, Tree};
use crate::limits::Limits;

crate::store_suite!(Memory::new(Limits::default()));

#[test]
fn an_account_has_so_many_mailboxes() {
    let limits = Limits { mailboxes: 3, ..Limits::default() };
    let mut tree = Tree::default();
    assert!(tree.create(&name("a.b"), &limits).is_ok());
    let full = Failure::Limit("there are too many mailboxes");
    assert_eq!(tree.create(&name("a.b.c"), &limits), Err(full.clone()));
    tree.insert(name("a"), None);
    tree.insert(name("b"), None);
    assert_eq!(tree.rename(&name("INBOX"), &name("c"), &limits), Err(full.clone()));
    assert_eq!(tree.rename(&name("a"), &name("c.d"), &limits), Err(full));
    assert!(tree.rename(&name("a"), &name("b.c"), &limits).is_ok());
}
