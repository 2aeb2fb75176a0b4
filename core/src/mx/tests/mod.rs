mod finder;
mod race;
