//! `postroad check`: what is wrong with the configuration, and what is in force.

use crate::certificate::{self, Files};
use crate::current::site;
use crate::say::say;
use crate::settings::Settings;
use postroad_core::smtp::Extension;
use postroad_runtime_std::listener::Endpoint;
use postroad_runtime_std::server::Service;

/// How to print.
#[derive(clap::Args)]
pub struct Arguments {
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Says everything that is wrong.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<(), String> {
    let mut problems = problems(settings);
    if let Ok(site) = site(settings, [0; 32]) {
        let dangling = site.directory.dangling_aliases();
        problems.extend(dangling.iter().map(|it| settings.locate(it)));
    }
    if arguments.json {
        let limits = settings.config.limits.rows();
        let limits: serde_json::Map<_, _> =
            limits.into_iter().map(|(name, value, _)| (name.into(), value.into())).collect();
        say!("{}", serde_json::json!({ "problems": problems, "limits": limits }));
    } else {
        describe(settings);
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("{} to mend:\n  {}", count(problems.len()), problems.join("\n  ")))
}

fn count(problems: usize) -> String {
    if problems == 1 { "one thing".into() } else { format!("{problems} things") }
}

fn describe(settings: &Settings) {
    let config = &settings.config;
    say!("hostname    {}", config.hostname);
    say!("domains     {}", config.local_domains().join(", "));
    say!("data        {}", settings.data.display());
    for service in Service::ALL {
        let places = service.places(&config.listen);
        let places = if places.is_empty() { "off".into() } else { places.join(", ") };
        say!("{:<12}{places}", service.name());
    }
    say!("\nLimits in force:");
    for (name, value, source) in config.limits.rows() {
        say!("  {name:<30}{value:>12}  {source}");
    }
}

/// Everything that keeps the server from starting. An alias that leads nowhere does not: a user who
/// was removed must not stop the mail of all others.
pub fn problems(settings: &Settings) -> Vec<String> {
    let mut problems = Vec::new();
    let config = &settings.config;
    for service in Service::ALL {
        let wrong = |place: &String| Endpoint::parse(place).err();
        let wrong = service.places(&config.listen).iter().filter_map(wrong);
        problems.extend(wrong.map(|why| format!("[listen] {}: {why}", service.name())));
    }
    for extension in config.smtp.extensions.iter().flatten() {
        let parsed = extension.parse::<Extension>();
        problems.extend(parsed.err().map(|why| format!("[smtp] extensions: {why}")));
    }
    problems.extend(config.problems());
    problems.extend(certificate::outgoing(settings).err());
    match Files::of(settings) {
        Ok(files) if !files.self_signed => problems.extend(files.load().err()),
        Ok(_) => {}
        Err(why) => problems.push(why),
    }
    problems.extend(site(settings, [0; 32]).err());
    problems.iter().map(|it| settings.locate(it)).collect()
}
