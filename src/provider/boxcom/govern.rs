//! Acting at Box: which room reads which fact, and which makes which change.
//!
//! `read` tells the state, `links`, `members`, `places`, `notes`, `marks` and `people` make the changes. What is asked for and
//! in which order is none of their business: see [`crate::provider::govern`].

mod links;
mod marks;
mod members;
mod notes;
mod people;
mod places;
mod read;

use super::Tenant;
use crate::clock::Moment;
use crate::model::action::{Block, Folder, Order, Receipt, State, Step, TargetItem, TargetPerson, Whose};
use crate::model::{Directory, Provider};
use crate::provider::govern::{self, Applied, Asked, Governor, Hands, Journal, Ways};
use crate::provider::{Error, Source};
use std::time::Duration;

impl Governor for Tenant {
    fn provider(&self) -> Provider {
        Source::provider(self)
    }

    fn perform(&self, order: &Order, people: &Directory, journal: &mut dyn Journal) -> Result<Receipt, Error> {
        govern::perform(self, order, people, journal, self.patience)
    }

    fn state(&self, order: &Order, people: &Directory) -> Result<Option<State>, Error> {
        govern::read(self, order, people)
    }

    fn quarantine(&self, whose: Whose, person: Option<&str>) -> Result<Folder, Error> {
        self.quarantine_folder(whose, person)
    }
}

impl Hands for Tenant {
    fn ways(&self) -> Ways<'_> {
        todo!()
    }

    fn offers(&self, _order: &Order) -> Result<(), Block> {
        todo!()
    }

    fn item(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<State>, Error> {
        self.item_state(asked, target)
    }

    fn person(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<State>, Error> {
        self.person_state(asked, target)
    }

    fn apply(&self, _asked: &Asked<'_>, _step: &Step, _now: &State) -> Applied {
        todo!()
    }

    fn wait(&self, span: Duration) -> bool {
        self.api.http.wait(span)
    }

    fn now(&self) -> Moment {
        self.api.clock().now()
    }
}
