//! A dialogue, read from its file.

use super::expected::Expected;

/// What a client says at once, and what the server then must say.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The line of the script where it begins.
    pub line: usize,
    /// On which connection, from 1.
    pub session: usize,
    /// The tag of the command; behind a continuation, still the same.
    pub tag: String,
    /// What the client says, CRLF included; empty for what the server says by itself.
    pub client: Vec<u8>,
    /// What the server must say, in any order.
    pub server: Vec<Expected>,
}

impl Block {
    /// Writes the length that the only literal has: three in the dialogues are said to be one octet longer, and reach into the
    /// line end, which James reads as if it were whole.
    fn recount(&mut self) {
        let Some(end) = self.client.windows(2).position(|pair| pair == b"\r\n") else { return };
        let (line, content) = (&self.client[..end], &self.client[end + 2..]);
        let Some(begin) = line.iter().rposition(|octet| *octet == b'{') else { return };
        let digits = line[begin + 1..].strip_suffix(b"+}").unwrap_or_default();
        let said: usize =
            core::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        let length = content.len().saturating_sub(2);
        if said == length + 1 {
            let head = [&line[..begin], format!("{{{length}+}}\r\n").as_bytes()].concat();
            self.client = [&*head, content].concat();
        }
    }
}

/// A dialogue.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Its blocks, in their order.
    pub blocks: Vec<Block>,
}

impl Script {
    /// Reads a dialogue: `C:` and `S:` lines, `SUB {` … `}` around lines of the server in any order, `SESSION:`; `LOG`, `TIMER`,
    /// `WAIT`, `AWAIT` and `REINIT` are for James itself.
    ///
    /// # Errors
    /// If a line is none of these, or a regular expression can't be read.
    pub fn parse(script: &str) -> Result<Self, String> {
        let mut parsed = Self::default();
        let (mut session, mut was_server) = (1, true);
        // Lines of the server that are not yet a response.
        let mut lines: Vec<&str> = Vec::new();
        for (at, line) in script.lines().enumerate() {
            let number = at + 1;
            let wrong = |problem: &str| format!("line {number}: {problem}");
            if let Some(text) = spoken(line, "C:") {
                if was_server {
                    parsed.flush(&mut lines).map_err(|problem| wrong(&problem))?;
                    let tag = parsed.open_tag().unwrap_or_else(|| first_word(text));
                    parsed.blocks.push(Block { line: number, session, tag, ..Block::default() });
                }
                was_server = false;
                if let Some(block) = parsed.blocks.last_mut() {
                    block.client.extend_from_slice(text.as_bytes());
                    block.client.extend_from_slice(b"\r\n");
                }
            } else if let Some(text) = spoken(line, "S:") {
                if parsed.blocks.is_empty() {
                    parsed.blocks.push(Block { line: number, session, ..Block::default() });
                }
                was_server = true;
                let tag = parsed.blocks.last().map_or("", |block| &*block.tag);
                if begins_response(text, tag) {
                    parsed.flush(&mut lines).map_err(|problem| wrong(&problem))?;
                }
                lines.push(text);
            } else if let Some(number) = line.strip_prefix("SESSION:") {
                let number = number.trim().parse().ok().filter(|number| (1..=9).contains(number));
                session = number.ok_or_else(|| wrong("SESSION: takes 1 to 9"))?;
                was_server = true;
            } else if !is_ignored(line) {
                return Err(wrong(&format!("`{line}` is no line of a dialogue")));
            }
        }
        parsed.flush(&mut lines)?;
        parsed.blocks.iter_mut().for_each(Block::recount);
        Ok(parsed)
    }

    /// The tag of the command that a continuation was the last word to.
    fn open_tag(&self) -> Option<String> {
        let block = self.blocks.last()?;
        block.server.last()?.is_continuation().then(|| block.tag.clone())
    }

    fn flush(&mut self, lines: &mut Vec<&str>) -> Result<(), String> {
        if let Some(block) = self.blocks.last_mut()
            && !lines.is_empty()
        {
            block.server.push(Expected::parse(lines)?);
        }
        lines.clear();
        Ok(())
    }
}

fn first_word(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// What stands behind `who` and one blank.
fn spoken<'a>(line: &'a str, who: &str) -> Option<&'a str> {
    let text = line.strip_prefix(who)?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// Whether a line of the server is the first of a response; any other is of a literal, or behind it.
fn begins_response(line: &str, tag: &str) -> bool {
    let is_tagged = line.strip_prefix(tag).is_some_and(|rest| rest.starts_with(' '));
    let begins = ["\\* ", "\\+", "OK "].iter().any(|begin| line.starts_with(begin));
    begins || is_tagged && !tag.is_empty()
}

fn is_ignored(line: &str) -> bool {
    let word = line.split([' ', ':']).next().unwrap_or_default();
    line.trim().is_empty()
        || line.starts_with('#')
        || matches!(word, "SUB" | "}" | "LOG" | "TIMER" | "WAIT" | "AWAIT" | "REINIT")
}
