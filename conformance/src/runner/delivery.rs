use core::fmt;
use postroad_core::entropy::Entropy;

/// How octets are cut on their way between the peer and the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Each burst of the peer at once, everything transmitted at once.
    Whole,
    /// One octet at a time, both ways.
    Octets,
    /// Pieces of random length that the seed determines.
    Pieces(u64),
}

impl Delivery {
    /// The word for it in `config delivery`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Octets => "octets",
            Self::Pieces(_) => "pieces",
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("each burst whole"),
            Self::Octets => f.write_str("octet by octet"),
            Self::Pieces(seed) => write!(f, "in random pieces of seed {seed}"),
        }
    }
}

/// Says how long the next piece is.
pub(super) struct Schedule {
    delivery: Delivery,
    entropy: Entropy,
}

impl Schedule {
    pub(super) fn new(delivery: Delivery) -> Self {
        let mut seed = [0; 32];
        if let Delivery::Pieces(number) = delivery {
            seed[..8].copy_from_slice(&number.to_le_bytes());
        }
        Self { delivery, entropy: Entropy::from_seed(seed) }
    }

    /// How many of `available` octets go next; at least one if there is any.
    pub(super) fn next(&mut self, available: usize) -> usize {
        match self.delivery {
            Delivery::Whole => available,
            Delivery::Octets => available.min(1),
            Delivery::Pieces(_) => {
                // Short pieces and long ones: both kinds find their own mistakes.
                let most = match self.entropy.below(3) {
                    0 => 4,
                    1 => 64,
                    _ => u64::MAX,
                };
                let most = most.min(available as u64);
                let length = (1 + self.entropy.below(most)).min(most);
                usize::try_from(length).unwrap_or(available)
            }
        }
    }
}
