//! Evidence trees over grounds: what holds, what does not, and what nobody wrote down.

use crate::model::grounds::{LeafGrounds, Nearest};
use crate::model::{Evidence, Grounds};
use crate::rule::profile::{LeafKind, LeafProfile, NodeProfile};

/// What a tree says over numbers that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    Unknown,
}

/// Whether a tree holds.
pub(super) fn truth(node: &NodeProfile, grounds: &Grounds) -> Holds {
    match node {
        NodeProfile::All(nodes) => fold(nodes, nodes.len(), None, grounds),
        NodeProfile::Any { nodes, min, max } => fold(nodes, small(*min), max.map(small), grounds),
        NodeProfile::Not(node) => match truth(node, grounds) {
            Holds::Yes => Holds::No,
            Holds::No => Holds::Yes,
            Holds::Unknown => Holds::Unknown,
        },
        NodeProfile::Leaf(leaf) => {
            let Some((least, most)) = count(leaf, grounds) else { return Holds::Unknown };
            if least >= leaf.min && leaf.max.is_none_or(|max| most <= max) {
                Holds::Yes
            } else if most < leaf.min || leaf.max.is_some_and(|max| least > max) {
                Holds::No
            } else {
                Holds::Unknown
            }
        }
    }
}

fn small(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn fold(nodes: &[NodeProfile], min: usize, max: Option<usize>, grounds: &Grounds) -> Holds {
    let (mut holds, mut unknown) = (0, 0);
    for node in nodes {
        match truth(node, grounds) {
            Holds::Yes => holds += 1,
            Holds::Unknown => unknown += 1,
            Holds::No => {}
        }
    }
    let possible = holds + unknown;
    if possible < min || max.is_some_and(|max| holds > max) {
        Holds::No
    } else if holds >= min && max.is_none_or(|max| possible <= max) {
        Holds::Yes
    } else {
        Holds::Unknown
    }
}

/// The answer to a leaf's question, as far as the leaf looks; `None` when it was not asked, or not that far.
fn answer<'g>(leaf: &LeafProfile, grounds: &'g Grounds) -> Option<(&'g LeafGrounds, u32)> {
    let within = leaf.within?;
    let question = leaf.question();
    let answer = grounds.leaves.iter().find(|answer| answer.question == question)?;
    let known = within == answer.within || leaf.kind == LeafKind::List && within < answer.within;
    known.then_some((answer, within))
}

/// How many a leaf counts: at least and at most.
fn count(leaf: &LeafProfile, grounds: &Grounds) -> Option<(u32, u32)> {
    let (answer, within) = answer(leaf, grounds)?;
    if within == answer.within {
        return Some((answer.count, answer.count));
    }
    let near = answer.reaches.iter().filter(|reach| **reach <= within).count();
    let least = u32::try_from(near).ok()?;
    let all_seen = near < answer.reaches.len() || least == answer.count;
    Some((least, if all_seen { least } else { answer.count }))
}

/// What supports a match, in the order of the tree, as a scan would tell it; `None` when it is not known. `before` is what
/// supported it so far, whose names are used again.
pub(super) fn evidence(tree: Option<&NodeProfile>, grounds: &Grounds, before: &[Evidence]) -> Option<Vec<Evidence>> {
    let mut leaves = Vec::new();
    tree.iter().for_each(|node| node.leaves(&mut leaves));
    let mut found = Vec::new();
    for leaf in leaves {
        let (answer, within) = answer(leaf, grounds)?;
        match nearest(answer, within) {
            Seen::Nothing => {}
            Seen::This(Nearest { distance, before: is_before, .. }) => {
                let known = before.iter().find(|evidence| *evidence.name == *leaf.label);
                let name = known.map_or_else(|| (*leaf.label).into(), |known| known.name.clone());
                found.push(Evidence { name, distance: Some(distance), before: is_before });
            }
            Seen::Unknown => return None,
        }
    }
    Some(found)
}

enum Seen {
    Nothing,
    This(Nearest),
    Unknown,
}

fn nearest(answer: &LeafGrounds, within: u32) -> Seen {
    if answer.reaches.first().is_none_or(|first| *first > within) {
        return Seen::Nothing;
    }
    // What reaches less far than the first row was dropped for want of room.
    let row = answer.nearest.iter().rev().find(|row| row.reach <= within);
    row.map_or(Seen::Unknown, |row| Seen::This(*row))
}
