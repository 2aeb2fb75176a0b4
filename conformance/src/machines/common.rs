//! What the protocol machines' configurations have in common.

use super::login::Users;
use crate::transcript::{Malformed, Setting};
use postroad_core::entropy::Entropy;
use postroad_core::limits::Limits;
use postroad_core::sasl::{Channel, ChannelBinding, Mechanism};
use serde::Deserialize as _;
use serde::de::value::{Error, MapDeserializer};
use std::collections::BTreeMap;

/// The `config` keys that [`Common`] takes.
pub(super) const KEYS: [&str; 7] =
    ["hostname", "channel", "mechanisms", "tls", "user", "limit", "seed"];

/// What every protocol machine is configured with.
pub(super) struct Common {
    pub(super) hostname: String,
    pub(super) channel: Channel,
    pub(super) mechanisms: Option<Vec<Mechanism>>,
    /// Whether STARTTLS is offered.
    pub(super) tls: bool,
    pub(super) users: Users,
    limits: LimitSettings,
    seed: u8,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            hostname: "mx.example.com".to_owned(),
            channel: Channel::Confidential,
            mechanisms: None,
            tls: false,
            users: Users::default(),
            limits: LimitSettings::default(),
            seed: 7,
        }
    }
}

impl Common {
    /// Takes a setting, if it is one of these.
    pub(super) fn take(&mut self, setting: &Setting) -> Result<bool, Malformed> {
        match &*setting.key {
            "hostname" => setting.value.clone_into(&mut self.hostname),
            "channel" => self.channel = channel(setting)?,
            "mechanisms" => self.mechanisms = Some(mechanisms(setting)?),
            "tls" => self.tls = setting.switch()?,
            "user" => self.users.add(setting)?,
            "limit" => self.limits.take(setting)?,
            "seed" => self.seed = seed(setting)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.limits()
    }

    pub(super) const fn entropy(&self) -> Entropy {
        Entropy::from_seed([self.seed; 32])
    }
}

/// What `config limit` lines ask for.
#[derive(Default)]
pub(super) struct LimitSettings(BTreeMap<String, u64>);

impl LimitSettings {
    /// Takes a `config limit NAME NUMBER` line.
    pub(super) fn take(&mut self, setting: &Setting) -> Result<(), Malformed> {
        let [name, number] = setting.words()[..] else {
            return Err(setting.wrong("write a limit's name and its number"));
        };
        let number = number.parse().map_err(|_| setting.wrong("a limit is a number"))?;
        self.0.insert(name.to_owned(), number);
        self.read().map_err(|wrong| setting.wrong(wrong))?;
        Ok(())
    }

    fn read(&self) -> Result<Limits, Error> {
        let pairs = self.0.iter().map(|(name, number)| (name.as_str(), *number));
        Limits::deserialize(MapDeserializer::new(pairs))
    }

    pub(super) fn limits(&self) -> Limits {
        self.read().expect("every limit was read when it was set")
    }
}

/// Reads `config seed NUMBER`.
pub(super) fn seed(setting: &Setting) -> Result<u8, Malformed> {
    setting.value.parse().map_err(|_| setting.wrong("a seed is a number below 256"))
}

fn channel(setting: &Setting) -> Result<Channel, Malformed> {
    match &*setting.value {
        "clear" => Ok(Channel::Clear),
        "confidential" => Ok(Channel::Confidential),
        "bound" => Ok(Channel::Bound(ChannelBinding::tls_exporter([0x42; 32]))),
        _ => Err(setting.wrong("a channel is clear, confidential or bound")),
    }
}

fn mechanisms(setting: &Setting) -> Result<Vec<Mechanism>, Malformed> {
    let parse = |name: &str| {
        Mechanism::parse(name)
            .ok_or_else(|| setting.wrong(format_args!("`{name}` is no mechanism")))
    };
    setting.words().into_iter().map(parse).collect()
}
