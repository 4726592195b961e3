//! The service over the emulated tenants: from a listing's page or a feed's event to a stored verdict.

mod house;
mod kill;
mod oracle;
mod whole;
