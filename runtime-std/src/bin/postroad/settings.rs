//! Reading the configuration, and saying what is wrong with it.

use postroad_core::role::config::Config;
use std::path::{Path, PathBuf};

/// The configuration and where it puts its data.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is configured.
    pub config: Config,
    /// The data folder.
    pub data: PathBuf,
    /// The folder of its file; the one we are in, if it stands in none.
    pub folder: PathBuf,
    /// The file's text.
    text: String,
}

impl Settings {
    /// A configuration that stands in no file, its data in the folder `data`.
    pub fn of(config: Config, data: PathBuf) -> Self {
        Self { config, data, folder: PathBuf::new(), text: String::new() }
    }

    /// Reads `file`, or takes the defaults without one; `data` overrides its data folder. A
    /// relative path in the file is taken from the file's folder.
    ///
    /// # Errors
    /// Says in words what is wrong, and in which line.
    pub fn read(file: Option<&Path>, data: Option<&Path>) -> Result<Self, String> {
        let (config, text) = match file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                let config = parse(&text).map_err(|why| format!("{}: {why}", file.display()))?;
                (config, text)
            }
            None => (Config::default(), String::new()),
        };
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let data = data.map_or_else(|| base.join(&config.data), Path::to_path_buf);
        let mut settings = Self { config, data, folder: base.into(), text };
        let Config { tls, routes, .. } = &mut settings.config;
        let passwords = routes.values_mut().map(|route| &mut route.password_file);
        for path in
            [&mut tls.certificate, &mut tls.key, &mut tls.trust].into_iter().chain(passwords)
        {
            *path = path.take().map(|path| base.join(path).to_string_lossy().into_owned());
        }
        Ok(settings)
    }

    /// `problem` with the line of the file that it is about: the one that holds what the problem
    /// quotes, or begins its section.
    pub fn locate(&self, problem: &str) -> String {
        let quoted = problem.split(['`', '"']).skip(1).step_by(2);
        let section = problem.split_inclusive(']').next().filter(|it| it.starts_with('['));
        let holds = |text: &str| {
            let mut lines = self.text.lines();
            lines.position(|line| line.contains(text) && !line.trim_start().starts_with('#'))
        };
        match quoted.chain(section).find_map(holds) {
            Some(index) => format!("line {}: {problem}", index + 1),
            None => problem.into(),
        }
    }
}

fn parse(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|error| {
        let hint = nearest_key(error.message());
        let hint = hint.map(|key| format!("Did you mean `{key}`?\n")).unwrap_or_default();
        format!("{error}{hint}")
    })
}

/// The known key that is nearest to the one that serde's message says is unknown.
fn nearest_key(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let nearest = quoted.min_by_key(|known| distance(unknown, known))?;
    (distance(unknown, nearest) <= unknown.len().max(3) / 2).then_some(nearest)
}

/// How many letters must be changed, added or removed to get from `one` to `two` (Levenshtein).
fn distance(one: &str, two: &str) -> usize {
    let mut row: Vec<usize> = (0..=two.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, b) in two.chars().enumerate() {
            let cost = (diagonal + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = core::mem::replace(&mut row[j + 1], cost);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let why = parse("[listen]\nsubmision = []\n").unwrap_err();
        assert!(why.contains("line 2"), "{why}");
        assert!(why.ends_with("Did you mean `submission`?\n"), "{why}");
        let why = parse("hostnam = 'x'").unwrap_err();
        assert!(why.ends_with("Did you mean `hostname`?\n"), "{why}");
        let why = parse("zzzzzzzzzz = 1").unwrap_err();
        assert!(why.contains("unknown field") && !why.contains("Did you mean"), "{why}");
    }

    #[test]
    fn a_limit_that_is_fixed_is_an_unknown_key() {
        for limit in ["local_part", "domain", "path", "addresses", "parameters", "alias_steps"] {
            let why = parse(&format!("[limits]\n{limit} = 1\n")).unwrap_err();
            assert!(why.contains(&format!("unknown field `{limit}`")), "{why}");
        }
    }

    #[test]
    fn an_empty_file_is_the_default_and_a_section_replaces_only_itself() {
        assert_eq!(parse("").unwrap(), Config::default());
        let config =
            parse("[listen]\nsmtp = ['127.0.0.1:25']\n[limits]\nmessage = 1000\n").unwrap();
        assert_eq!(config.listen.smtp, ["127.0.0.1:25"]);
        assert!(config.listen.imap.is_empty(), "absent is off");
        assert_eq!(config.limits.message, 1000);
        assert_eq!(config.limits.recipients, 1000);
    }
}
