//! The texts that are keys.

use super::document::ContactDocument;
use crate::tree::{Member, Text};
use crate::value::trimmed;

impl ContactDocument {
    /// Trims the keys. Otherwise they are stored and returned as sent (upsert-rules §3.7).
    pub(crate) fn trim_keys(&mut self) {
        trim(&mut self.external_id);
        trim(&mut self.link_id);
        trim(&mut self.email);
        trim(&mut self.phone);
        trim(&mut self.mobile);
        if let Some(client) = self.client.get_mut() {
            trim(&mut client.vat_number);
        }
        if let Some(supplier) = self.supplier.get_mut() {
            trim(&mut supplier.vat_number);
        }
    }
}

fn trim<T>(member: &mut Member<Text<T>>) {
    if let Some(text) = member.get_mut() {
        let trimmed = trimmed(text);
        if trimmed.len() < text.len() {
            *text = Text::from(trimmed);
        }
    }
}
