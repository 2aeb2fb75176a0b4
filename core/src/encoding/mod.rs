//! Text encodings of mail: base64, quoted-printable, encoded words, modified UTF-7, charsets.

pub mod dot;
