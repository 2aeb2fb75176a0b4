#[cfg(feature = "dns")]
mod bench;
#[cfg(feature = "dns")]
mod cache;
#[cfg(feature = "dns")]
mod peers;
#[cfg(feature = "dns")]
mod resolver;
mod vocabulary;
#[cfg(feature = "dns")]
mod zone;

use super::Name;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}
