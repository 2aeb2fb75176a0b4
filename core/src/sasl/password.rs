//! What a server keeps of a password for SCRAM, and how it hides for whom it keeps nothing.

use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::fmt;
use core::str::FromStr;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::prepare::{Prohibited, prepare};
use crate::entropy::Entropy;
use crate::secret::Secret;

/// The fewest iterations that are secure (RFC 7677 §4).
pub const MIN_ITERATIONS: u32 = 4_096;

/// The iterations of new keys. A client repeats them at every login, a phone too.
pub const DEFAULT_ITERATIONS: u32 = 10_000;

/// Octets of a new salt.
const SALT: usize = 16;

/// What a server keeps of a password (RFC 5802 §3): enough to recognise it, not to use it.
///
/// Its text form is the one that PostgreSQL writes, as well:
/// `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, with base64.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::sasl::ScramKeys;
/// use postroad_core::sasl::password::MIN_ITERATIONS;
///
/// let mut entropy = Entropy::from_seed([7; 32]);
/// let keys = ScramKeys::create("opensesame", MIN_ITERATIONS, &mut entropy)?;
/// let text = keys.to_string();
/// assert!(text.starts_with("SCRAM-SHA-256$4096:"));
/// let read: ScramKeys = text.parse().expect("the text form is readable");
/// assert!(read.matches("opensesame") && !read.matches("sesame"));
/// # Ok::<(), postroad_core::sasl::Prohibited>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScramKeys {
    /// Makes equal passwords have different keys.
    pub salt: Vec<u8>,
    /// Repetitions of the hash.
    pub iterations: u32,
    /// Recognises the client's proof.
    pub stored_key: Secret<[u8; 32]>,
    /// Proves the server to the client.
    pub server_key: Secret<[u8; 32]>,
}

impl ScramKeys {
    /// New keys for `password`, with a fresh salt. Fewer than [`MIN_ITERATIONS`] are raised to them.
    ///
    /// # Errors
    /// [`Prohibited`] when the password cannot be [prepared](super::prepare()).
    pub fn create(
        password: &str,
        iterations: u32,
        entropy: &mut Entropy,
    ) -> Result<Self, Prohibited> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        Self::derive(password, &salt, iterations.max(MIN_ITERATIONS))
    }

    /// The keys that `password`, `salt` and `iterations` determine.
    ///
    /// # Errors
    /// [`Prohibited`] when the password cannot be [prepared](super::prepare()).
    pub fn derive(password: &str, salt: &[u8], iterations: u32) -> Result<Self, Prohibited> {
        let salted = salt_password(password, salt, iterations)?;
        Ok(Self {
            salt: salt.to_vec(),
            iterations,
            stored_key: Secret::new(hash(&client_key(&salted))),
            server_key: Secret::new(server_key(&salted)),
        })
    }

    /// Whether `password` is the one that these keys were made of, in constant time.
    #[must_use]
    pub fn matches(&self, password: &str) -> bool {
        let derived = Self::derive(password, &self.salt, self.iterations);
        derived.is_ok_and(|derived| derived.stored_key == self.stored_key)
    }
}

impl fmt::Display for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let salt = BASE64.encode(&self.salt);
        let stored_key = BASE64.encode(self.stored_key.expose());
        let server_key = BASE64.encode(self.server_key.expose());
        let iterations = self.iterations;
        write!(f, "SCRAM-SHA-256${iterations}:{salt}${stored_key}:{server_key}")
    }
}

/// A text that is not the text form of [`ScramKeys`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotScramKeys;

impl fmt::Display for NotScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not of the form SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey")
    }
}

impl core::error::Error for NotScramKeys {}

impl FromStr for ScramKeys {
    type Err = NotScramKeys;

    fn from_str(text: &str) -> Result<Self, NotScramKeys> {
        let read = || {
            let (parameters, keys) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
            let (iterations, salt) = parameters.split_once(':')?;
            let (stored_key, server_key) = keys.split_once(':')?;
            let iterations = iterations.parse().ok().filter(|count| *count > 0)?;
            Some(Self {
                salt: BASE64.decode(salt).ok().filter(|salt| !salt.is_empty())?,
                iterations,
                stored_key: Secret::new(BASE64.decode(stored_key).ok()?.try_into().ok()?),
                server_key: Secret::new(BASE64.decode(server_key).ok()?.try_into().ok()?),
            })
        };
        read().ok_or(NotScramKeys)
    }
}

/// Invents keys for logins that do not exist, always the same ones, so that nobody finds out who
/// exists by asking (RFC 5802 §5.1 leaves this to the server). No password fits them.
///
/// ```
/// use postroad_core::sasl::{Decoy, password::DEFAULT_ITERATIONS};
/// let decoy = Decoy::new([7; 32], DEFAULT_ITERATIONS);
/// assert_eq!(decoy.keys("nobody@example.com"), decoy.keys("nobody@example.com"));
/// assert_ne!(decoy.keys("nobody@example.com").salt, decoy.keys("noone@example.com").salt);
/// ```
#[derive(Clone, Debug)]
pub struct Decoy {
    secret: Secret<[u8; 32]>,
    iterations: u32,
}

impl Decoy {
    /// Keys invented from `secret`, which stays the same as long as the users do, with the
    /// `iterations` that real keys have.
    #[must_use]
    pub const fn new(secret: [u8; 32], iterations: u32) -> Self {
        let secret = Secret::new(secret);
        Self { secret, iterations }
    }

    /// The keys for `authcid`, in the canonical form in which a login is looked up.
    #[must_use]
    pub fn keys(&self, authcid: &str) -> ScramKeys {
        let part = |label: &[u8]| mac(self.secret.expose(), &[label, authcid.as_bytes()]);
        ScramKeys {
            salt: part(b"salt\0")[..SALT].to_vec(),
            iterations: self.iterations,
            stored_key: Secret::new(part(b"stored\0")),
            server_key: Secret::new(part(b"server\0")),
        }
    }
}

/// `SaltedPassword` (RFC 5802 §3).
pub(super) fn salt_password(
    password: &str,
    salt: &[u8],
    iterations: u32,
) -> Result<Zeroizing<[u8; 32]>, Prohibited> {
    let password = Zeroizing::new(prepare(password)?);
    let mut salted = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, salted.as_mut());
    Ok(salted)
}

/// `ClientKey` (RFC 5802 §3).
pub(super) fn client_key(salted: &[u8; 32]) -> [u8; 32] {
    mac(salted, &[b"Client Key"])
}

/// `ServerKey` (RFC 5802 §3).
pub(super) fn server_key(salted: &[u8; 32]) -> [u8; 32] {
    mac(salted, &[b"Server Key"])
}

/// `H` (RFC 5802 §2.2).
pub(super) fn hash(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

/// `HMAC` (RFC 5802 §2.2) of the parts one after another.
pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}
