use super::fold;

#[test]
fn what_becomes_of_characters() {
    for (text, folded) in [
        ("", ""),
        ("aZ_9", "AZ_9"),
        ("\u{e9}", "E\u{301}"),
        ("\u{df}", "SS"),
        ("\u{fb01}", "FI"),
        ("\u{1c6}", "Dz\u{30c}"),
        ("\u{1c4}", "Dz\u{30c}"),
        ("\u{3c2}\u{3c3}", "\u{3a3}\u{3a3}"),
        ("\u{ac00}", "\u{1100}\u{1161}"),
        ("\u{212a}", "K"),
        ("\u{ff41}", "A"),
        ("\u{1e69}", "S\u{323}\u{307}"),
        ("\u{65e5}", "\u{65e5}"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}
