//! Who has mail here: local domains, accounts, aliases.
