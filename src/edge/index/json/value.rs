//! JSON of which only named members are kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::edge::index::simple::LONGEST_TEXT;

/// The members of an object that are read, and those of each in turn.
pub(super) struct Fields(pub(super) &'static [(&'static str, &'static Fields)]);

/// Nothing below a value is read.
pub(super) static PLAIN: Fields = Fields(&[]);

/// A value of any kind, of which only what may be used is kept.
#[derive(Default)]
pub(super) enum Json<'de> {
    #[default]
    Null,
    True,
    Number(u64),
    Text(Cow<'de, str>),
    /// Longer than any text that is used.
    LongText,
    /// The members that its shape names, of two of one name the last.
    Object(Vec<(&'static str, Json<'de>)>),
    /// Anything else.
    Other,
}

impl Json<'_> {
    pub(super) fn get(&self, name: &str) -> &Self {
        let Self::Object(members) = self else { return &Json::Null };
        members.iter().find(|(known, _)| *known == name).map_or(&Json::Null, |(_, value)| value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn is_too_long(&self) -> bool {
        match self {
            Self::LongText => true,
            Self::Object(members) => members.iter().any(|(_, value)| value.is_too_long()),
            Self::Null | Self::True | Self::Number(_) | Self::Text(_) | Self::Other => false,
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Fields {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Fields {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Json<'de>, E> {
        Ok(if is_true { Json::True } else { Json::Other })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(if text.len() > LONGEST_TEXT { Json::LongText } else { Json::Text(text.to_owned().into()) })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(if text.len() > LONGEST_TEXT { Json::LongText } else { Json::Text(text.into()) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(&PLAIN)? {
            let Some((name, shape)) = self.0.iter().find(|(name, _)| key.text() == Some(name)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value_seed(*shape)?;
            members.retain(|(known, _)| known != name);
            members.push((*name, value));
        }
        Ok(Json::Object(members))
    }
}
