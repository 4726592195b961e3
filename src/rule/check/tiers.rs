//! Warnings about tiers: never the best, contradicting themselves, or without examples.
//!
//! Implication is told from the shape of the conditions alone, and only when it is certain: a warning is always right,
//! a silence proves nothing.

use super::{Sheet, Warning};
use crate::rule::WITHIN_DEFAULT;
use crate::rule::syntax::{Check, Detector, Evidence, Side, Tier, ValidatorUse, Within};
use std::collections::BTreeSet;
use toml::Spanned;

/// Examples and counter-examples that a tier should have.
const EXAMPLES: usize = 3;

/// Looks at all tiers of a detector.
pub(super) fn check(sheet: &mut Sheet<'_>, detector: &Detector) {
    let mut tiers: Vec<&Tier> = detector.tier.iter().collect();
    tiers.sort_by_key(|tier| std::cmp::Reverse(*tier.confidence.get_ref()));
    for (at, tier) in tiers.iter().enumerate() {
        let name = tier.name.get_ref();
        if let Some(better) = tiers[..at].iter().find(|better| tier_implies(tier, better)) {
            let message = format!("the tier `{name}` is never the best");
            let warning = Warning::new("unreachable-tier", message)
                .at(
                    sheet.source,
                    tier.name.span(),
                    format!("whenever this holds, `{}` holds too", better.name.get_ref()),
                )
                .also(sheet.source, better.name.span(), "at least as sure")
                .help("ask for more in the better tier, or leave this one out");
            sheet.push(detector.allow.contains_key("unreachable-tier"), warning);
        }
        if let Some(evidence) = &tier.evidence
            && contradicts(evidence.get_ref())
        {
            let message = format!("an exclusion of the tier `{name}` always wins");
            let label = "this demands what it also excludes";
            sheet.detector(detector, "exclusion-always-wins", message, evidence.span(), label);
        }
        let examples = detector.example.iter().filter(|example| example.tier.get_ref() == name).count();
        let counters = detector.counter.iter().filter(|counter| counter.tier.get_ref() == name).count();
        if examples < EXAMPLES || counters < EXAMPLES {
            let message = format!("the tier `{name}` of `{}` has few examples", detector.id.get_ref());
            let label = format!("{examples} examples and {counters} counter-examples; {EXAMPLES} of each are a proof");
            sheet.detector(detector, "few-examples", message, tier.name.span(), label);
        }
    }
}

/// True when `better` certainly holds whenever `tier` does.
fn tier_implies(tier: &Tier, better: &Tier) -> bool {
    let names = |tier: &Tier| tier.primary.iter().map(|name| name.get_ref().clone()).collect::<BTreeSet<_>>();
    let shapes = better.primary.is_empty() || (!tier.primary.is_empty() && names(tier).is_subset(&names(better)));
    let checks = validators(better).is_subset(&validators(tier)) && checks(better).is_subset(&checks(tier));
    let form = match (&better.form, &tier.form) {
        (None, _) => true,
        (Some(better), Some(form)) => better.get_ref() == form.get_ref(),
        (Some(_), None) => false,
    };
    let evidence = match (&better.evidence, &tier.evidence) {
        (None, _) => true,
        (Some(better), Some(evidence)) => implies(evidence.get_ref(), better.get_ref()),
        (Some(_), None) => false,
    };
    shapes && checks && form && evidence
}

fn validators(tier: &Tier) -> BTreeSet<String> {
    let text = |one: &Spanned<ValidatorUse>| match one.get_ref() {
        ValidatorUse::Name(name) => name.clone(),
        ValidatorUse::With(table) => format!("{table:?}"),
    };
    tier.validators.iter().map(text).collect()
}

/// The checks as comparable texts, without their places in the file.
fn checks(tier: &Tier) -> BTreeSet<String> {
    let texts = |texts: &Option<Vec<Spanned<String>>>| {
        texts.as_ref().map(|texts| texts.iter().map(|text| text.get_ref().clone()).collect::<BTreeSet<_>>())
    };
    let text = |check: &Check| {
        let regexes = [&check.exclude_regex, &check.include_regex].map(|regex| regex.as_ref().map(Spanned::get_ref));
        format!("{:?}", (check.place, texts(&check.exclude), texts(&check.include), regexes))
    };
    tier.check.iter().map(text).collect()
}

/// True when an `all`, here or below, has a child that holds only if another child fails.
fn contradicts(node: &Evidence) -> bool {
    let children = || node.all.iter().chain(&node.any).flatten().map(Spanned::get_ref);
    let clash = node.all.as_ref().is_some_and(|all| {
        let excluded = all.iter().filter_map(|child| child.get_ref().not.as_ref());
        excluded.into_iter().any(|not| all.iter().any(|child| implies(child.get_ref(), not.get_ref())))
    });
    clash || children().any(contradicts)
}

/// True when `then` certainly holds whenever `node` does.
fn implies(node: &Evidence, then: &Evidence) -> bool {
    let one_of = |node: &Evidence| node.max.is_none() && node.min.as_ref().is_none_or(|min| *min.get_ref() == 1);
    if let Some(all) = &then.all {
        return all.iter().all(|then| implies(node, then.get_ref()));
    }
    if let Some(any) = &then.any
        && one_of(then)
        && any.iter().any(|then| implies(node, then.get_ref()))
    {
        return true;
    }
    if let Some(all) = &node.all {
        return all.iter().any(|node| implies(node.get_ref(), then));
    }
    if let Some(any) = &node.any {
        let some = node.min.as_ref().is_none_or(|min| *min.get_ref() > 0);
        return some && any.iter().all(|node| implies(node.get_ref(), then));
    }
    match (&node.not, &then.not) {
        (Some(node), Some(then)) => implies(then.get_ref(), node.get_ref()),
        (None, None) => leaf_implies(node, then),
        _ => false,
    }
}

fn leaf_implies(leaf: &Evidence, then: &Evidence) -> bool {
    let what = |leaf: &Evidence| {
        let kinds = [&leaf.list, &leaf.regex, &leaf.function, &leaf.detector];
        kinds.map(|kind| kind.as_ref().map(|kind| kind.get_ref().clone()))
    };
    let min = |leaf: &Evidence| leaf.min.as_ref().map_or(1, |min| *min.get_ref());
    let max = |leaf: &Evidence| leaf.max.as_ref().map(|max| *max.get_ref());
    let side = |leaf: &Evidence| leaf.side.unwrap_or_default();
    let is_leaf = then.any.is_none() && what(then).iter().any(Option::is_some);
    let as_far = reach(leaf) <= reach(then) && (side(then) == Side::Both || side(leaf) == side(then));
    // A bound from above speaks of all that stands near, so it carries over only to the very same place.
    let same_place = reach(leaf) == reach(then) && side(leaf) == side(then);
    let bounded = max(then).is_none() || (same_place && max(leaf).is_some() && max(leaf) <= max(then));
    is_leaf && what(leaf) == what(then) && leaf.distinct == then.distinct && min(leaf) >= min(then) && as_far && bounded
}

/// How far a leaf looks, in characters.
fn reach(leaf: &Evidence) -> u32 {
    match leaf.within.as_ref().map(Spanned::get_ref) {
        None => WITHIN_DEFAULT,
        Some(Within::Characters(characters)) => *characters,
        Some(Within::Word(_)) => u32::MAX,
    }
}
