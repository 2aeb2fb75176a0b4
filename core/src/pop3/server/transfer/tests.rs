use super::*;
use alloc::string::String;
use proptest::prelude::*;

fn top(content: &[u8], lines: u32, slice: usize) -> String {
    let mut wire = Vec::new();
    let mut transfer = Transfer::new(0, Vec::new(), Some(lines));
    for octets in content.chunks(slice) {
        transfer.ask();
        transfer.push(octets, &mut wire);
        if transfer.handle_answer(false, &mut wire) == Progress::Done {
            return String::from_utf8(wire).unwrap();
        }
    }
    assert_eq!(transfer.handle_answer(true, &mut wire), Progress::Done);
    String::from_utf8(wire).unwrap()
}

#[test]
fn tops() {
    let letter = b"A: 1\r\nB: 2\r\n\r\n.x\r\n\r\ny\r\n";
    let header = "A: 1\r\nB: 2\r\n\r\n";
    let cases: [(&[u8], u32, &[&str]); 10] = [
        (letter, 0, &[header]),
        (letter, 1, &[header, "..x\r\n"]),
        (letter, 2, &[header, "..x\r\n\r\n"]),
        (letter, 3, &[header, "..x\r\n\r\ny\r\n"]),
        (letter, 4, &[header, "..x\r\n\r\ny\r\n"]),
        (letter, u32::MAX, &[header, "..x\r\n\r\ny\r\n"]),
        (b"A: 1\r\n", 3, &["A: 1\r\n"]),
        (b"\r\nx\r\ny\r\n", 1, &["\r\nx\r\n"]),
        (b"", 1, &[]),
        (b"A: 1", 0, &["A: 1\r\n"]),
    ];
    for (content, lines, expected) in cases {
        for slice in 1..=content.len().max(1) {
            let expected = [&expected.concat(), ".\r\n"].concat();
            assert_eq!(top(content, lines, slice), expected, "{lines} by {slice}");
        }
    }
}

#[test]
fn a_host_that_gives_nothing_is_noticed() {
    let mut wire = Vec::new();
    let mut transfer = Transfer::new(0, b"+OK\r\n".to_vec(), None);
    transfer.ask();
    assert_eq!(transfer.handle_answer(false, &mut wire), Progress::Stuck);
    assert!(wire.is_empty() && !transfer.has_begun());
    assert_eq!(transfer.handle_answer(true, &mut wire), Progress::Done);
    assert_eq!(wire, b"+OK\r\n.\r\n");
}

proptest! {
    #[test]
    fn top_is_a_prefix(content in "([a.]|\r\n){0,40}", lines in 0u32..5, slice in 1usize..9) {
        let whole = top(content.as_bytes(), u32::MAX, slice);
        let cut = top(content.as_bytes(), lines, 1);
        let cut = cut.strip_suffix(".\r\n").unwrap();
        prop_assert!(whole.starts_with(cut));
        let body = cut.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if !cut.starts_with("\r\n") {
            prop_assert!(body.matches("\r\n").count() <= lines as usize);
        }
    }
}
