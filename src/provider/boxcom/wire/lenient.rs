//! Readers that never fail for what a field holds: what has another shape than expected counts as absent.
//!
//! They read straight from the parser: an untagged union would do in fewer lines, but buffers each value before it is read.

use crate::clock::Moment;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A value that can be told by a text.
pub(super) trait Scalar: Sized {
    /// Reads it; `None` when the text does not tell one.
    fn of_text(text: &str) -> Option<Self>;
}

impl Scalar for Arc<str> {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Scalar for u64 {
    fn of_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Scalar for i64 {
    fn of_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Scalar for bool {
    fn of_text(text: &str) -> Option<Self> {
        match text.trim() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }
}

impl Scalar for Moment {
    fn of_text(text: &str) -> Option<Self> {
        Moment::parse(text.trim())
    }
}

/// The visits of a reader to which a text, a number, a truth value or null tells nothing.
macro_rules! takes_no_scalar {
    () => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
}

/// A text, number or truth value; anything else is absent.
pub(super) fn loose<'de, D: Deserializer<'de>, T: Scalar>(from: D) -> Result<Option<T>, D::Error> {
    struct Loose<T>(PhantomData<T>);

    impl<'de, T: Scalar> Visitor<'de> for Loose<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(T::of_text(text))
        }

        fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
            Ok(T::of_text(if value { "true" } else { "false" }))
        }

        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok(T::of_text(&value.to_string()))
        }

        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok(T::of_text(&value.to_string()))
        }

        fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
            Ok(T::of_text(&value.to_string()))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            drain_map(map).map(|()| None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            drain_seq(seq).map(|()| None)
        }
    }

    from.deserialize_any(Loose(PhantomData))
}

/// An object; anything else is absent.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            drain_seq(seq).map(|()| None)
        }

        takes_no_scalar!();
    }

    from.deserialize_any(Object(PhantomData))
}

/// One entry of a list: an object, or nothing.
struct Entry<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        object(from).map(Entry)
    }
}

/// A list of objects; an entry of another shape is one that tells nothing (so that it still counts), anything but a list
/// is none.
pub(super) fn list<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<Option<Vec<T>>, D::Error> {
    struct List<T>(PhantomData<T>);

    impl<'de, T: Default + Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Option<Vec<T>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(Entry(entry)) = seq.next_element()? {
                all.push(entry.unwrap_or_default());
            }
            Ok(Some(all))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            drain_map(map).map(|()| None)
        }

        takes_no_scalar!();
    }

    from.deserialize_any(List(PhantomData))
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}
