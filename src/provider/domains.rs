//! Which mail domains are the company's own, told by its people: what makes an address inside or outside that no list of
//! people knows.

use crate::model::{Person, Role, Side};
use std::collections::BTreeSet;

/// Where anybody can have an address: a managed user there makes nobody else internal.
const FREE_MAIL: [&str; 32] = [
    "126.com",
    "163.com",
    "aol.com",
    "duck.com",
    "fastmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "hey.com",
    "icloud.com",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "tutanota.com",
    "web.de",
    "yandex.com",
    "yandex.ru",
    "zoho.com",
    "zoho.eu",
    "126.net",
    "rediffmail.com",
];
/// The same, with a domain in each country: what stands before the first dot.
const FREE_MAIL_IN_EACH_COUNTRY: [&str; 5] = ["gmail", "googlemail", "hotmail", "outlook", "yahoo"];

/// The domains of the company's own people, in lower case, without those of free mail. Accounts of applications do not
/// count (Box gives them addresses at `boxdevedition.com`), nor do people outside.
#[must_use]
pub fn own_domains<'a>(people: impl IntoIterator<Item = &'a Person>) -> BTreeSet<String> {
    people
        .into_iter()
        .filter(|person| person.side == Side::Internal && person.role != Role::Service)
        .filter_map(|person| Some(person.login.rsplit_once('@')?.1.to_lowercase()))
        .filter(|domain| !domain.is_empty() && !is_free_mail(domain))
        .collect()
}

fn is_free_mail(domain: &str) -> bool {
    let first = domain.split('.').next().unwrap_or_default();
    FREE_MAIL.contains(&domain) || FREE_MAIL_IN_EACH_COUNTRY.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    #[test]
    fn only_own_people_at_own_domains_count() {
        let person = |login: &str, side, role| Person {
            id: login.into(),
            account: login.into(),
            login: login.into(),
            name: "".into(),
            side,
            role,
            status: Status::Active,
        };
        let people = [
            person("a@Corp.example", Side::Internal, Role::Admin),
            person("b@corp.example", Side::Internal, Role::Member),
            person("c@GMAIL.com", Side::Internal, Role::Member),
            person("d@yahoo.co.uk", Side::Internal, Role::Member),
            person("e@gmx.de", Side::Internal, Role::Member),
            person("robot@boxdevedition.com", Side::Internal, Role::Service),
            person("f@partner.example", Side::External, Role::Member),
            person("nobody", Side::Internal, Role::Member),
            person("g@", Side::Internal, Role::Member),
        ];
        assert_eq!(own_domains(&people).into_iter().collect::<Vec<_>>(), ["corp.example"]);
    }
}
