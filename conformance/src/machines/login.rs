//! Logins: the questions of a SASL exchange in words, and their answers.

use super::Answered;
use crate::transcript::{Malformed, Setting};
use postroad_core::sasl::{Answer, Failure, Question, ScramKeys};

/// Who may log in: names with plain passwords.
#[derive(Clone, Debug, Default)]
pub(super) struct Users(Vec<(String, String)>);

/// The salt and the iterations of every user's SCRAM keys.
const SALT: &[u8; 16] = b"conformance salt";
const ITERATIONS: u32 = 4096;

impl Users {
    /// Adds the user of a `config user NAME PASSWORD` line.
    pub(super) fn add(&mut self, setting: &Setting) -> Result<(), Malformed> {
        let (name, password) = setting
            .value
            .split_once(' ')
            .ok_or_else(|| setting.wrong("write a name and a password"))?;
        self.0.push((name.to_owned(), password.trim().to_owned()));
        Ok(())
    }

    /// Every name with its password.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, password)| (&**name, &**password))
    }

    fn password(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, password)| password)
    }

    /// What is answered to a question that the transcript does not mention.
    pub(super) fn judge(&self, question: &Question) -> Answer {
        match question {
            Question::Password { authcid, password, .. }
                if self.password(authcid) == Some(password.expose()) =>
            {
                Answer::Accept { authcid: authcid.clone() }
            }
            Question::ScramKeys { authcid, .. } => {
                let keys = self.password(authcid).and_then(keys);
                keys.map_or(Answer::Reject, |keys| Answer::Keys { authcid: authcid.clone(), keys })
            }
            _ => Answer::Reject,
        }
    }
}

/// The SCRAM keys of `password`.
pub(super) fn keys(password: &str) -> Option<ScramKeys> {
    ScramKeys::derive(password, SALT, ITERATIONS).ok()
}

/// A question in words.
pub(super) fn words(question: &Question) -> String {
    let acting = |authzid: &Option<String>| match authzid {
        Some(authzid) => format!(" as {authzid}"),
        None => String::new(),
    };
    match question {
        Question::Password { authcid, authzid, password } => {
            format!("password {authcid} {}{}", password.expose(), acting(authzid))
        }
        Question::ScramKeys { authcid, authzid } => format!("keys {authcid}{}", acting(authzid)),
        Question::Token { mechanism, user, token, .. } => {
            let user = user.as_deref().unwrap_or("-");
            format!("token {mechanism} {user} {}", token.expose())
        }
        Question::External { authzid } => format!("external{}", acting(authzid)),
    }
}

/// Reads an answer to `question`.
pub(super) fn answer(question: &Question, words: &str) -> Answered<Answer> {
    let name = match question {
        Question::Password { authcid, .. } | Question::ScramKeys { authcid, .. } => authcid.clone(),
        Question::Token { user, .. } => user.clone().unwrap_or_default(),
        Question::External { authzid } => authzid.clone().unwrap_or_default(),
    };
    match words.split_once(' ').unwrap_or((words, "")) {
        ("accept", "") => Ok(Answer::Accept { authcid: name }),
        ("accept", authcid) => Ok(Answer::Accept { authcid: authcid.to_owned() }),
        ("keys", password) => match keys(password) {
            Some(keys) => Ok(Answer::Keys { authcid: name, keys }),
            None => Err(format!("`{password}` is no password")),
        },
        ("reject", "") => Ok(Answer::Reject),
        ("unavailable", "") => Ok(Answer::Unavailable),
        _ => Err(super::no_answer(words, "accept [NAME], keys PASSWORD, reject, unavailable")),
    }
}

/// A failed exchange, in a word.
pub(super) const fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Malformed => "malformed",
        Failure::Credentials => "credentials",
        Failure::ChannelBinding => "channel-binding",
        Failure::Unavailable => "unavailable",
    }
}
