//! `imaptest` and `james`: other people's scripts against a server that listens.

use postroad_conformance::foreign::report::Report;
use postroad_conformance::foreign::{Account, Server, imaptest, james};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// What the command line asks for.
struct Order<'a> {
    folder: &'a str,
    names: Vec<&'a str>,
    server: Server,
    json: bool,
}

/// Runs the scripts that `arguments`, what stands behind `imaptest` or `james`, name.
pub(crate) fn run(format: &str, arguments: &[String]) -> Result<ExitCode, String> {
    let Order { folder, names, server, json } = parse(arguments)?;
    let path = Path::new(folder);
    let report: Report = match format {
        "imaptest" => imaptest::run_folder(path, &names, &server),
        _ => james::run_folder(path, &names, &server),
    }
    .map_err(|error| format!("{folder}: {error}"))?;
    if json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    match report.counts() {
        _ if report.cases.is_empty() => Err("there is no script there".to_owned()),
        (_, 0, _) => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::FAILURE),
    }
}

fn parse(arguments: &[String]) -> Result<Order<'_>, String> {
    let mut order = Order {
        folder: "",
        names: Vec::new(),
        server: Server {
            address: String::new(),
            accounts: Vec::new(),
            patience: Duration::from_secs(10),
            without: Vec::new(),
        },
        json: false,
    };
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} takes a value"));
        match argument {
            "--json" => order.json = true,
            "--server" => order.server.address = value()?.to_owned(),
            "--user" => {
                let account = Account::parse(value()?).ok_or("--user takes NAME:PASSWORD")?;
                order.server.accounts.push(account);
            }
            "--without" => order.server.without.push(value()?.to_ascii_uppercase()),
            "--patience" => {
                let seconds = value()?.parse().ok().filter(|seconds| *seconds > 0);
                let seconds = seconds.ok_or("--patience takes seconds")?;
                order.server.patience = Duration::from_secs(seconds);
            }
            _ if argument.starts_with('-') => return Err(format!("unknown option {argument}")),
            _ if order.folder.is_empty() => order.folder = argument,
            name => order.names.push(name),
        }
    }
    match &order {
        Order { folder: "", .. } => Err("say which folder holds the scripts".to_owned()),
        Order { server, .. } if server.address.is_empty() => Err("--server is missing".to_owned()),
        Order { server, .. } if server.accounts.is_empty() => Err("--user is missing".to_owned()),
        _ => Ok(order),
    }
}
