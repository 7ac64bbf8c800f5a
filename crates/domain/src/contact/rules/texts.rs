//! Rules about one text.

use std::borrow::Cow;

use super::limits::MAX_INTERCOM_NAME;
use crate::path::At;
use crate::tree::{Leaf, Meaning, RuleError, TextKind};
use crate::value::{
    AvsNumber, BankCustomerNumber, Bic, CalendarDate, CountryCode, Iban, IsrCustomerNumber, LinkId,
    ParseCache, PhoneReading, QrIban, Ringtone, VatNumber, WebSite, has_at_most, visible,
    without_invisible,
};

type Verdict = Result<(), RuleError>;

pub(super) fn invisible(_: &At<'_>, leaf: Leaf<'_>) -> Verdict {
    let Leaf::Text(kind, text) = leaf else { return Ok(()) };
    if kind.is_free {
        return Ok(());
    }
    match without_invisible(text) {
        Cow::Owned(visible) => {
            let message = format!("the {} holds characters that nobody sees", kind.name);
            Err(RuleError::new(message).meaning(Some(Meaning::ReadAs(visible))))
        }
        Cow::Borrowed(_) => Ok(()),
    }
}

pub(crate) fn date(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    let Err(error) = CalendarDate::parse(text) else { return Ok(()) };
    let meaning = match CalendarDate::meant_by(text) {
        Some(day) => Some(Meaning::ReadAs(day.to_string())),
        None => CalendarDate::is_zero(text).then_some(Meaning::Null),
    };
    Err(RuleError::from(error).meaning(meaning))
}

pub(crate) fn closed_list(kind: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    if kind.allowed.contains(&text) {
        return Ok(());
    }
    let message = format!("the {} must be one of {}", kind.name, kind.allowed.join(", "));
    let shown = visible(text);
    let meant = kind.allowed.iter().find(|allowed| allowed.eq_ignore_ascii_case(shown.trim()));
    let meaning = meant.map(|allowed| Meaning::Stored((*allowed).to_owned()));
    Err(RuleError::new(message).meaning(meaning))
}

pub(crate) fn open_list(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    if is_token(text) {
        return Ok(());
    }
    let message = "must start with a capital letter and go on with capitals, digits or underscores";
    let meant = visible(text).trim().to_ascii_uppercase();
    Err(RuleError::new(message).meaning(is_token(&meant).then_some(Meaning::Stored(meant))))
}

fn is_token(text: &str) -> bool {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_uppercase());
    starts && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

pub(crate) fn email(_: &'static TextKind, text: &str, values: &mut ParseCache) -> Verdict {
    values.email(text)?;
    Ok(())
}

pub(crate) fn phone(_: &'static TextKind, text: &str, values: &mut ParseCache) -> Verdict {
    let PhoneReading { phone, other } = values.phone(text)?;
    other.map_or(Ok(()), |other| {
        Err(RuleError::new(format!(
            "is {phone} in the country of its addresses and {other} in that of the organization, and \
             is read as the first; write it with its country"
        )))
    })
}

pub(crate) fn country_code(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    let Err(error) = CountryCode::parse(text) else { return Ok(()) };
    let meant = CountryCode::meant_by(text);
    Err(RuleError::from(error).meaning(meant.map(|code| Meaning::Stored(code.to_string()))))
}

pub(crate) fn bank_customer_number(
    _: &'static TextKind,
    text: &str,
    _: &mut ParseCache,
) -> Verdict {
    BankCustomerNumber::parse(&visible(text))?;
    Ok(())
}

pub(crate) fn link_id(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    LinkId::parse(text)?;
    Ok(())
}

pub(crate) fn web_site(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    WebSite::parse(&visible(text))?;
    Ok(())
}

pub(crate) fn account_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    if Iban::looks_like_one(text) {
        Iban::parse(text)?;
    }
    Ok(())
}

pub(crate) fn qr_iban(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    QrIban::parse(text)?;
    Ok(())
}

pub(crate) fn bic(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    let Err(error) = Bic::parse(text) else { return Ok(()) };
    let meant = Bic::meant_by(text);
    Err(RuleError::from(error).meaning(meant.map(|bic| Meaning::ReadAs(bic.to_string()))))
}

pub(crate) fn vat_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    VatNumber::parse(text)?;
    Ok(())
}

pub(crate) fn avs_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    AvsNumber::parse(&visible(text))?;
    Ok(())
}

pub(crate) fn isr_customer_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    IsrCustomerNumber::parse(&visible(text))?;
    Ok(())
}

pub(crate) fn intercom_name(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    if !has_at_most(MAX_INTERCOM_NAME, text) {
        let message = format!("an intercom name has at most {MAX_INTERCOM_NAME} characters");
        return Err(RuleError::new(message));
    }
    if text.contains(char::is_control) {
        return Err(RuleError::new("an intercom name has no control characters"));
    }
    Ok(())
}

pub(crate) fn ringtone(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    Ringtone::parse(text)?;
    Ok(())
}
