use super::Memory;
use crate::limits::Limits;

crate::store_suite!(Memory::new(Limits::default()));
