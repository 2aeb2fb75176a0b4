mod toy;

use super::{Failure, replay, update};
use crate::transcript::Transcript;

fn read(dialogue: &str) -> Transcript {
    Transcript::parse("toy.txt", &format!("# A clause.\nmachine toy\n{dialogue}")).unwrap()
}

fn run(dialogue: &str) -> Result<(), Box<Failure>> {
    replay(&read(dialogue), &toy::build, 1)
}

/// The failure of a dialogue that must not pass.
fn fail(dialogue: &str) -> Failure {
    *run(dialogue).expect_err("the dialogue should have failed")
}

const EVERYTHING: &str = r"
S: hello $id, I am [..]
C: ECHO it is $id
C: ASK colour
S: it is $id
# A request that is not mentioned gets its default answer.
S: answer: ok
C: ASK colour
> word colour
< red $id
S: answer: red $id
C: TEXT
C: one
C: .
C: ECHO behind
> text letter
< taken
S: answer: taken
S: behind
C: WAIT
= read
T: +9s
T: +1s
S: waited
C: LIST
S? two
S? one
S? three
S: end
C: LIST
S: [...]
S: end
C~ ECHO raw\x21\r\nEC
C~ HO cut\r\n
S~ raw!\r\ncu
S: t
C@ burst
S: first
S: second
C: ASK
> word[..]
< later
= nothing
C: ECHO waits
< at last
S: answer: at last
S: waits
!2 connect
S2: hello [..]
C2: ECHO two
S2: two
C: STARTTLS
S: go ahead
= tls
! tls ok
S: TLS1.3
!2 eof
=2 close
! shutdown
S: closing
= close
-- letter --
one
-- burst --
ECHO first
ECHO second
";

#[test]
fn a_dialogue_with_every_kind_of_line_passes() {
    if let Err(failure) = run(EVERYTHING) {
        panic!("{failure}");
    }
}

#[test]
fn every_kind_of_difference_is_found_at_its_line() {
    let hello = "S: hello [..]\n";
    for (dialogue, line, problem) in [
        ("S: goodbye\n", 3, "the machine said something else"),
        ("", 2, "the machine said more"),
        ("S: hello [..]\nS: more\n", 4, "the machine did not say this"),
        ("S: hello [..]\n= close\n", 4, "the session wants read"),
        ("S: hello [..]\n> word x\n", 4, "the machine did not ask `word x`"),
        ("S: hello [..]\n! tls ok\n", 4, "the session does not want TLS"),
        ("S: hello [..]\nC2: x\n", 4, "session 2 is not open; open it with `!2 connect`"),
        ("S: hello [..]\n!2 connect pop3\n", 4, "there is no pop3"),
        ("S: hello [..]\n< red\n", 4, "nothing was asked"),
        ("S: hello $a\nS: $a\n", 3, "the machine said something else"),
    ] {
        let failure = fail(dialogue);
        assert_eq!((failure.line, &*failure.problem), (line, problem), "{dialogue}");
    }
    for (dialogue, line, problem) in [
        ("C: QUIT\nS: bye\nC: ECHO\n", 6, "the peer speaks, but the connection is closed"),
        ("C: QUIT\nC: ECHO\nS: bye\nS:\n", 7, "the machine did not say this"),
        ("C: TEXT\nC: .\nS: answer: ok\n", 5, "the machine asked `text` unexpectedly"),
        ("C: ASK x\n> word y\n< red\nS: answer: red\n", 5, "the machine did not ask `word y`"),
        (
            "C: TEXT\nC: one\nC: .\n> text letter\nS: answer: ok\n-- letter --\ntwo\n",
            7,
            r"the content differs from section letter at line 10: there came `one\r\n`",
        ),
        ("C: TEXT\nC: .\n> text letter\nS: answer: ok\n", 6, "there is no section `-- letter --`"),
        (
            "C: ASK\n> word[..]\n< later\nC: ECHO\n",
            7,
            "6 octets of the peer were never read by session 1",
        ),
    ] {
        let failure = fail(&format!("{hello}{dialogue}"));
        assert_eq!((failure.line, &*failure.problem), (line, problem), "{dialogue}");
    }
}

#[test]
fn a_machine_that_takes_reads_for_lines_is_found_out() {
    let dialogue = "config fault reads-are-lines\nS: hello [..]\nC: ECHO yes\nS: yes\n";
    let failure = fail(dialogue);
    assert_eq!(failure.delivery, Some(super::Delivery::Octets));
    // The same words, each burst whole: nothing can be seen.
    run(&format!("config delivery whole\n{dialogue}")).unwrap();
    let pieces = fail(&format!("config delivery pieces\n{dialogue}")).to_string();
    assert!(pieces.contains("replay --seed 1 toy.txt"), "{pieces}");
}

#[test]
fn a_machine_that_never_falls_silent_is_stopped() {
    let dialogue = "config fault stuck-deadline\nS: hello [..]\nC: WAIT\nT: +10s\nS: waited\n";
    assert_eq!(fail(dialogue).problem, "the machine does not fall silent");
}

#[test]
fn an_unknown_delivery_or_setting_names_its_line() {
    assert_eq!(fail("config delivery backwards\n").line, 3);
    assert_eq!(fail("\nconfig faults none\n").line, 4);
}

#[test]
fn a_failure_shows_both_sides_of_the_dialogue() {
    let failure = fail("S: hello [..]\nC: ASK red\n> word blue\nC: ECHO x\nS: x\n");
    let expected = "\
toy.txt:5: the machine did not ask `word blue`
delivered each burst whole

    expected      │ seen
    S: hello [..] │ S: hello 4F7x, I am toy
    C: ASK red    │ C: ASK red
                  │ > word red
 -> > word blue   │ 
 ->               │ S: answer: ok

again: postroad-conformance replay toy.txt";
    assert_eq!(failure.to_string(), expected);
}

#[test]
fn update_rewrites_our_side_and_keeps_what_still_matches() {
    let stale = r"
S: hello $id, I am [..]
# Three lines come back.
C: LIST
S: zero
# Two has a wildcard.
S: t[..]o
S: five
C: ASK blue
> word green
S: answer: red
C: TEXT
C: a line
C: price $five
C: .
C: ECHO $$x
S: answer: ok
> text letter
< yes
= nothing
-- letter --
[..]line
gone
";
    let fresh = r"
S: hello $id, I am [..]
# Three lines come back.
C: LIST
S: one
# Two has a wildcard.
S: t[..]o
S: three
S: end
C: ASK blue
> word blue
S: answer: ok
C: TEXT
C: a line
C: price $five
C: .
C: ECHO $$x
S: answer: yes
S: $$$$x
> text letter
< yes
= read
-- letter --
[..]line
price $$five
";
    let updated = update(&read(stale), &toy::build).unwrap();
    assert_eq!(updated, read(fresh).to_string());
    run(fresh).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn update_leaves_a_transcript_that_passes_alone() {
    let transcript = read(EVERYTHING);
    assert_eq!(update(&transcript, &toy::build).unwrap(), transcript.to_string());
}
