//! One call until it is answered for good: the waits, the tries, the token. The only place that decides to send again.

use super::answer::{Answer, RestOf, Taking};
use super::fault::Fault;
use super::hosts::Serves;
use super::{Call, Http, Judgement, Payload};
use crate::backoff::Backoff;
use crate::provider::throttle::{Asking, Permit, Refusal};
use crate::provider::{Error, Next, Secret};
use reqwest::Method;
use reqwest::blocking::Request;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use std::io;
use std::time::Duration;

/// How a call has gone so far.
#[derive(Debug, Default)]
struct Course {
    /// Answers and faults that asked for another try.
    failures: u32,
    /// Connections that could not be made.
    unconnected: u32,
    /// Tokens that were given in place of refused ones, and the last of them.
    renewals: u32,
    renewed: Option<Secret>,
}

/// Tokens that one call gets in place of refused ones at most. More than one only when the one before ended on its way.
const RENEWALS_MAX: u32 = 3;

/// What an answer leads to.
enum Then {
    Done,
    TokenOver(String),
    Again { after: Option<Duration>, throttled: bool, said: String },
}

impl Http {
    pub(super) fn converse(&self, call: &Call<'_>, taking: Taking) -> Result<Answer, Error> {
        let serves = self.hosts.serves(&call.url, &call.doing)?;
        self.check_bearer(call, serves)?;
        let mut token = call.bearer.map(|credentials| credentials.bearer()).transpose()?;
        let mut course = Course::default();
        loop {
            let mut permit = self.permit(call, serves)?;
            let mut answer = match self.exchange(call, token.as_ref(), taking) {
                Ok(answer) => answer,
                Err(Failure::Defect(error)) => return Err(error),
                Err(Failure::Fault(fault)) => {
                    drop(permit);
                    self.after_fault(call, fault, &mut course)?;
                    continue;
                }
            };
            match self.meaning(call, &answer)? {
                Then::Done => {
                    permit.went_well();
                    permit.landed();
                    answer.keep(permit);
                    return Ok(answer);
                }
                Then::TokenOver(said) => {
                    drop((answer, permit));
                    token = Some(self.renewed(call, token.as_ref(), &said, &mut course)?);
                }
                Then::Again { after, throttled, said } => {
                    let status = answer.status;
                    drop(answer);
                    self.after_refusal(call, permit, &mut course, status, (after, throttled, said))?;
                }
            }
        }
    }

    /// The wall: a token leaves for hosts of an API alone, and only as the bearer.
    fn check_bearer(&self, call: &Call<'_>, serves: Serves) -> Result<(), Error> {
        let has_own = call.headers.iter().any(|(name, _)| {
            ["authorization", "proxy-authorization", "cookie"].iter().any(|secret| name.eq_ignore_ascii_case(secret))
        });
        if has_own || (call.bearer.is_some() && serves != Serves::Api) {
            let host = call.url.host_str().unwrap_or_default();
            return Err(Error::new(Next::Refused, &call.doing, format!("a token would have been sent to {host}")));
        }
        Ok(())
    }

    fn permit(&self, call: &Call<'_>, serves: Serves) -> Result<Permit, Error> {
        let asking = Asking {
            principal: call.principal,
            urgency: call.urgency,
            writes_in: call.writes_in,
            counted: serves != Serves::Downloads,
            lingers: !call.patience.is_zero(),
        };
        self.throttle.admit(asking).map_err(|refusal| match refusal {
            Refusal::Stopped => stopped(call),
            Refusal::Paused(until) => {
                Error::new(Next::Throttled(until), &call.doing, "the provider asked for a long pause")
            }
            Refusal::Spent(until) => Error::new(Next::Budget(until), &call.doing, "the call budget is used up")
                .with_advice("raise `calls_per_day` or `calls_per_month` of the connector, or wait"),
            Refusal::Store(error) => {
                let said = format!("the call counts could not be kept ({})", error.kind());
                Error::new(Next::Transient, &call.doing, said).with_advice("make room on the disk")
            }
        })
    }

    fn exchange(&self, call: &Call<'_>, token: Option<&Secret>, taking: Taking) -> Result<Answer, Failure> {
        let request = self.request(call, token).map_err(Failure::Defect)?;
        let patience = self.patience(call);
        let response = self.client.execute(request).map_err(|error| Failure::Fault(Fault::of(&error, patience)))?;
        let rest = RestOf { url: &call.url, doing: &call.doing, patience };
        Answer::of(response, taking, call.answer_bytes_max, rest).map_err(Failure::Fault)
    }

    fn patience(&self, call: &Call<'_>) -> Duration {
        self.options.stall_timeout.saturating_add(call.patience)
    }

    fn request(&self, call: &Call<'_>, token: Option<&Secret>) -> Result<Request, Error> {
        let defect = |what: &str| Error::new(Next::Refused, &call.doing, format!("{what} cannot be sent in a header"));
        let mut builder = self.client.request(call.method.clone(), call.url.clone());
        // A time-out of the request bounds the whole answer, that of the client each wait: only a long poll, whose answer
        // is short, gets one of its own.
        if !call.patience.is_zero() {
            builder = builder.timeout(self.patience(call));
        }
        let mut has_type = false;
        for (name, value) in &call.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| defect("a name"))?;
            has_type |= name == CONTENT_TYPE;
            builder = builder.header(name, HeaderValue::from_str(value).map_err(|_| defect("a value"))?);
        }
        if let Some(token) = token {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| defect("the token"))?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(kind) = content_type(call.payload).filter(|_| !has_type) {
            builder = builder.header(CONTENT_TYPE, kind);
        }
        builder = match call.payload {
            // Without a body's length some servers refuse a POST (411).
            Payload::None if call.method == Method::GET || call.method == Method::DELETE => builder,
            Payload::None => builder.body(Vec::new()),
            Payload::Json(text) => builder.body(text.to_owned()),
            Payload::Form(form) => builder.body(form.reveal().to_owned()),
            Payload::Bytes(bytes) => builder.body(bytes.to_vec()),
        };
        builder.build().map_err(|_| Error::new(Next::Refused, &call.doing, "the call could not be put together"))
    }

    /// The judge's word, and the error it leads to.
    fn meaning(&self, call: &Call<'_>, answer: &Answer) -> Result<Then, Error> {
        match call.judge.judge(answer.status, &answer.headers, &answer.body) {
            Judgement::Good if answer.is_too_large => {
                let said = format!("the answer is longer than {} bytes", call.answer_bytes_max);
                Err(Error::new(Next::Refused, &call.doing, said).with_status(answer.status))
            }
            Judgement::Good => Ok(Then::Done),
            Judgement::TokenOver { said } => Ok(Then::TokenOver(said)),
            Judgement::Again { after, throttled, said } => Ok(Then::Again { after, throttled, said }),
            Judgement::Bad { next, said, advice, request_id } => {
                let error = Error::new(next, &call.doing, said);
                let error = error.with_status(answer.status).with_request_id(request_id.as_deref());
                Err(if let Some(advice) = advice { error.with_advice(advice) } else { error })
            }
        }
    }

    fn renewed(
        &self,
        call: &Call<'_>,
        token: Option<&Secret>,
        said: &str,
        course: &mut Course,
    ) -> Result<Secret, Error> {
        let refused = || Error::new(Next::Credentials, &call.doing, said).with_status(401);
        let (Some(credentials), Some(stale)) = (call.bearer, token) else { return Err(refused()) };
        let present = credentials.bearer()?;
        // Another thread may have renewed it, or it has come to its end: then its refusal says nothing about the new one.
        let is_present = present == *stale;
        if is_present && course.renewed.as_ref() == Some(stale) {
            return Err(
                refused().with_advice("the provider refuses a token it has just given: check the application's rights")
            );
        }
        if course.renewals >= RENEWALS_MAX {
            return Err(refused().with_advice("tokens end before they can be used: check this machine's clock"));
        }
        let fresh = if is_present { credentials.renew(stale)? } else { present };
        course.renewals += 1;
        course.renewed = Some(fresh.clone());
        Ok(fresh)
    }

    /// Waits for the next try after a fault, or gives up.
    fn after_fault(&self, call: &Call<'_>, fault: Fault, course: &mut Course) -> Result<(), Error> {
        let (so_far, tries_max) = if fault.is_before_sending() {
            (&mut course.unconnected, self.options.connect_tries_max)
        } else {
            (&mut course.failures, self.options.tries_max)
        };
        *so_far += 1;
        let may_again = (call.repeatable || fault.is_before_sending()) && !fault.is_final();
        if !may_again || *so_far >= tries_max {
            return Err(fault.into_error(&call.url, &call.doing));
        }
        self.wait_self(call, backoff(*so_far)?)
    }

    /// Obeys an answer that asks to come again, or gives up.
    fn after_refusal(
        &self,
        call: &Call<'_>,
        permit: Permit,
        course: &mut Course,
        status: u16,
        (after, throttled, said): (Option<Duration>, bool, String),
    ) -> Result<(), Error> {
        course.failures += 1;
        let own = backoff(course.failures)?;
        if throttled {
            permit.slow_down();
        }
        if let Some(pause) = after.or(throttled.then_some(own)) {
            permit.pause(pause);
        }
        drop(permit);
        // A fault of the provider leaves open whether it did what it was asked; too many calls, and "not yet", do not.
        let may_again = call.repeatable || throttled || status < 500;
        if !may_again || course.failures >= self.options.tries_max {
            let until = self.clock().now().plus(after.unwrap_or(own));
            let next = if throttled { Next::Throttled(until) } else { Next::Transient };
            return Err(Error::new(next, &call.doing, said).with_status(status));
        }
        if after.is_none() && !throttled { self.wait_self(call, own) } else { Ok(()) }
    }

    fn wait_self(&self, call: &Call<'_>, span: Duration) -> Result<(), Error> {
        if self.throttle.pause_self(span) { Ok(()) } else { Err(stopped(call)) }
    }
}

/// Why there is no answer.
enum Failure {
    /// The wire's fault.
    Fault(Fault),
    /// Ours.
    Defect(Error),
}

fn stopped(call: &Call<'_>) -> Error {
    Error::new(Next::Stopped, &call.doing, "sluicebox is stopping")
}

fn backoff(failures: u32) -> Result<Duration, Error> {
    let mut drawn = [0; 8];
    getrandom::fill(&mut drawn).map_err(|_| {
        Error::new(Next::Transient, "draw a random number", io::Error::from(io::ErrorKind::Other).to_string())
    })?;
    Ok(Backoff::default().wait(failures, u64::from_ne_bytes(drawn)))
}

fn content_type(payload: Payload<'_>) -> Option<&'static str> {
    match payload {
        Payload::None => None,
        Payload::Json(_) => Some("application/json"),
        Payload::Form(_) => Some("application/x-www-form-urlencoded"),
        Payload::Bytes(_) => Some("application/octet-stream"),
    }
}
