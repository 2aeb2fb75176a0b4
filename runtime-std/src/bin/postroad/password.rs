//! Passwords: hashed with Argon2id, and read as others have hashed them.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postroad_core::entropy::Entropy;
use postroad_core::role::directory::User;
use postroad_core::role::{Check, Verdict};
use postroad_core::sasl::{Prohibited, ScramKeys, password::DEFAULT_ITERATIONS, prepare};
use postroad_core::secret::Secret;
use sha_crypt::ShaCrypt;
use sha1::{Digest, Sha1};
use std::sync::{Mutex, PoisonError};

/// What is stored of a password: an Argon2id hash (RFC 9106) and SCRAM keys.
///
/// # Errors
/// If the password holds what no password may.
pub fn hash(password: &str, entropy: &mut Entropy) -> Result<User, Prohibited> {
    let scram = ScramKeys::create(password, DEFAULT_ITERATIONS, entropy)?;
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let hash = Argon2::default()
        .hash_password_with_salt(prepare(password)?.as_bytes(), &salt)
        .map_err(|_| Prohibited)?;
    Ok(User {
        password: Some(Secret::new(hash.to_string())),
        scram: Some(scram),
        ..User::default()
    })
}

/// Whether `hash` has a form that [`verify`] can check.
pub fn is_known(hash: &str) -> bool {
    Scheme::of(hash).is_some()
}

/// Checks a credential that the core can't check itself.
pub fn verify(check: &Check) -> Verdict {
    match check {
        Check::Password { password, hash } => {
            // One at a time: each takes 19 MiB, and a guesser gets no more than one core.
            static TURN: Mutex<()> = Mutex::new(());
            let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            match Scheme::of(hash.expose()) {
                Some(scheme) if scheme.matches(password.expose()) => Verdict::Accepted,
                Some(_) => Verdict::Rejected,
                None => Verdict::Unavailable,
            }
        }
        // Nothing here issues tokens, and no client certificate is asked for.
        Check::Token { .. } | Check::External { .. } => Verdict::Rejected,
    }
}

/// A hash by what made it.
enum Scheme<'a> {
    /// PHC string `$argon2id$…` (also `$argon2i$`, `$argon2d$`).
    Argon2(Box<PasswordHash>),
    /// `$5$…`, `$6$…` (crypt(5)).
    ShaCrypt(&'a str),
    /// `$2a$…`, `$2b$…`, `$2y$…` (crypt(5)).
    Bcrypt(&'a str),
    /// `{SSHA}` and base64 of a SHA-1 over password and salt, and the salt (RFC 2307, OpenLDAP).
    SaltedSha1 { digest: Vec<u8>, salt: Vec<u8> },
}

impl<'a> Scheme<'a> {
    /// The scheme of `hash`, with or without the prefix that Dovecot writes before a crypt string.
    fn of(hash: &'a str) -> Option<Self> {
        if let Some(encoded) = hash.strip_prefix("{SSHA}") {
            let mut digest = STANDARD.decode(encoded).ok()?;
            let salt = (digest.len() > 20).then(|| digest.split_off(20))?;
            return Some(Self::SaltedSha1 { digest, salt });
        }
        const PREFIXES: [&str; 5] =
            ["{ARGON2ID}", "{SHA512-CRYPT}", "{SHA256-CRYPT}", "{BLF-CRYPT}", "{CRYPT}"];
        let hash = PREFIXES.iter().find_map(|prefix| hash.strip_prefix(prefix)).unwrap_or(hash);
        match hash.split('$').nth(1)? {
            "argon2id" | "argon2i" | "argon2d" => {
                PasswordHash::new(hash).ok().map(|it| Self::Argon2(it.into()))
            }
            "5" | "6" => Some(Self::ShaCrypt(hash)),
            "2a" | "2b" | "2y" => Some(Self::Bcrypt(hash)),
            _ => None,
        }
    }

    fn matches(&self, password: &str) -> bool {
        match self {
            // As it was prepared when it was hashed (RFC 4013); a foreign hash may not have been.
            Self::Argon2(hash) => {
                let prepared = prepare(password).unwrap_or_default();
                argon2_matches(hash, &prepared)
                    || prepared != password && argon2_matches(hash, password)
            }
            Self::ShaCrypt(hash) => {
                let parsed = sha_crypt::PasswordHashRef::new(hash);
                parsed.is_ok_and(|it| {
                    ShaCrypt::default().verify_password(password.as_bytes(), it).is_ok()
                })
            }
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::SaltedSha1 { digest, salt } => {
                let found = Sha1::new().chain_update(password).chain_update(salt).finalize();
                Secret::new(found.to_vec()) == Secret::new(digest.clone())
            }
        }
    }
}

fn argon2_matches(hash: &PasswordHash, password: &str) -> bool {
    let parts = || {
        let algorithm = Algorithm::new(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(hash).ok()?);
        Some((argon2, hash.salt.as_ref()?, hash.hash.as_ref()?))
    };
    let Some((argon2, salt, expected)) = parts() else { return false };
    let count = argon2.params().block_count();
    let mut blocks = Vec::new();
    // An imported hash may ask for more than there is.
    if blocks.try_reserve_exact(count.max(MAPPED / Block::SIZE)).is_err() {
        return false;
    }
    blocks.resize(count, Block::new());
    let mut found = vec![0; expected.as_ref().len()];
    let outcome = argon2.hash_password_into_with_memory(
        password.as_bytes(),
        salt.as_ref(),
        &mut found,
        &mut blocks[..],
    );
    outcome.is_ok() && Secret::new(found) == Secret::new(expected.as_ref().to_vec())
}

/// An allocation above this many octets is a mapping of its own, given back as soon as it is freed
/// (`M_MMAP_THRESHOLD` in mallopt(3)); a smaller one would stay with the thread that made it. What
/// is not touched of it costs nothing.
const MAPPED: usize = 33 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// The password is `opensesame` in each, made by openssl, Python's bcrypt and hashlib.
    const FOREIGN: [&str; 3] = [
        "$6$saltsalt$/dpv42BvGInVKxDULxBMfXE6CN.oHtXdmTeHWMcv5rsd81TjdKcroane5LphAqgVenp/4K1qV/7eYEdl4XS9O/",
        "$2b$04$r6/WpHnlWhRcfQmm4G2oUe0botV4D5gchXwsLa15orfsKPVj46WYa",
        "{SSHA}HLddlEv7f/29AM2QffByJpZvFxtwZXBwZXJwZQ==",
    ];

    /// Asks for 4 TiB.
    const GREEDY: &str = "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA";

    fn check(password: &str, hash: &str) -> Verdict {
        verify(&Check::Password {
            password: Secret::new(password.into()),
            hash: Secret::new(hash.into()),
        })
    }

    #[test]
    fn own_hashes() {
        let user = hash("opensesame", &mut Entropy::from_seed([7; 32])).unwrap();
        let hash = user.password.unwrap();
        assert!(hash.expose().starts_with("$argon2id$"));
        assert_eq!(check("opensesame", hash.expose()), Verdict::Accepted);
        assert_eq!(check("Opensesame", hash.expose()), Verdict::Rejected);
        assert!(user.scram.unwrap().matches("opensesame"));
    }

    #[test]
    fn hashes_of_others() {
        for hash in FOREIGN {
            assert!(is_known(hash), "{hash}");
            assert_eq!(check("opensesame", hash), Verdict::Accepted, "{hash}");
            assert_eq!(check("opensesam", hash), Verdict::Rejected, "{hash}");
        }
    }

    #[test]
    fn what_is_no_hash_matches_nothing() {
        for hash in [
            "",
            "opensesame",
            "{SSHA}",
            "{SSHA}AAAA",
            "$1$a$b",
            "$argon2id$",
            "$6$",
            "$2b$",
            GREEDY,
        ] {
            assert_ne!(check("", hash), Verdict::Accepted, "{hash}");
            assert_ne!(check("opensesame", hash), Verdict::Accepted, "{hash}");
        }
    }
}
