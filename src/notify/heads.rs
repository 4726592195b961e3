//! Where signed heads of the audit log go when that is an address: posted there, and read back from there to verify.

use super::sign::SignKey;
use super::webhook::{Signed, Way, fault, may_be_called};
use super::{Delivery, Error};
use crate::clock::Clock;
use reqwest::blocking::Client;
use std::io::Read;
use url::Url;

/// Bytes of all heads that are read back: one a minute for a year is 200 MiB, one an hour for twenty years 70 MiB.
const HEADS_BYTES_MAX: u64 = 256 << 20;

/// An address that keeps heads.
#[derive(Debug)]
pub struct HeadPost {
    url: Url,
    client: Client,
}

impl HeadPost {
    /// That address.
    ///
    /// # Errors
    /// When it is neither https nor of this machine, or the client cannot be made.
    pub fn new(url: &Url, way: &Way) -> Result<Self, Error> {
        if !may_be_called(url) {
            return Err(Error::new("an anchor's address begins with https://; plain http only to this machine"));
        }
        Ok(Self { url: url.clone(), client: way.client()? })
    }

    /// Posts one head, a line of JSON, signed like a webhook but by the key of heads.
    #[must_use]
    pub fn post(&self, id: &str, line: &str, key: &SignKey, clock: &Clock) -> Delivery {
        let (body, now) = (line.as_bytes().to_vec(), clock.now());
        let signature = key.signature(id, now.as_secs(), &body);
        Signed { id, seconds: now.as_secs(), signature, body }.send(&self.client, &self.url, now)
    }

    /// All heads that the address keeps, as it gives them: one in each line.
    ///
    /// # Errors
    /// When it does not answer, or with something else.
    pub fn read(&self) -> Result<String, Error> {
        let answer = self.client.get(self.url.clone()).send();
        let answer = answer.map_err(|error| Error::new(format!("the anchor did not answer: {}", fault(&error))))?;
        if !answer.status().is_success() {
            return Err(Error::new(format!("the anchor answered HTTP {}", answer.status().as_u16())));
        }
        let mut text = String::new();
        let read = answer.take(HEADS_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|_| Error::new("the anchor's answer broke off, or is no text"))?;
        Ok(text)
    }
}
