//! Objects whose members the caller names: the custom fields, and objects stored as received.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{Json, Members};
use crate::tree::shape::{Kind, Shaped};

/// An object of strings, numbers and booleans under names of the caller's choice.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct CustomFields(pub(super) Members);

impl CustomFields {
    /// The members, in the order sent.
    pub(crate) fn members(&self) -> &Members {
        &self.0
    }
}

impl<'de> Deserialize<'de> for CustomFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Json::Object(members) = Json::deserialize(deserializer)? else {
            return Err(Error::custom("custom fields are an object"));
        };
        if members.values().any(|value| matches!(value, Json::Array(_) | Json::Object(_))) {
            return Err(Error::custom("a custom field is a string, a number or a boolean"));
        }
        Ok(Self(members))
    }
}

/// An object stored as received: unknown members are kept, and members that `S` knows are checked.
pub struct OpaqueObject<S> {
    pub(super) members: Members,
    shape: PhantomData<fn() -> S>,
}

impl<S> OpaqueObject<S> {
    /// The members, in the order sent.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }
}

impl<S> Clone for OpaqueObject<S> {
    fn clone(&self) -> Self {
        Self { members: self.members.clone(), shape: PhantomData }
    }
}

impl<S> PartialEq for OpaqueObject<S> {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl<S> std::fmt::Debug for OpaqueObject<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.members.fmt(f)
    }
}

impl<S> Serialize for OpaqueObject<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.members.serialize(serializer)
    }
}

impl<'de, S: Shaped> Deserialize<'de> for OpaqueObject<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            value if !Kind::OpaqueObject(S::SHAPE).accepts(&value) => {
                Err(Error::custom("needs a closer look"))
            }
            Json::Object(members) => Ok(Self { members, shape: PhantomData }),
            _ => Err(Error::custom("needs a closer look")),
        }
    }
}
