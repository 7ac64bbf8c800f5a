//! Rules about one text.

use super::limits::MAX_INTERCOM_NAME;
use crate::tree::{RuleError, TextKind};
use crate::value::ParseCache;
use crate::value::{
    AvsNumber, BankCustomerNumber, Bic, CalendarDate, CountryCode, Iban, IsrCustomerNumber, LinkId,
    QrIban, Ringtone, VatNumber, WebSite,
};

type Verdict = Result<(), RuleError>;

pub(crate) fn date(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    CalendarDate::parse(text)?;
    Ok(())
}

pub(crate) fn closed_list(kind: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    if kind.allowed.contains(&text) {
        return Ok(());
    }
    let message = format!("the {} must be one of {}", kind.name, kind.allowed.join(", "));
    let spelling = kind.allowed.iter().find(|allowed| allowed.eq_ignore_ascii_case(text.trim()));
    Err(RuleError { message, fix: spelling.map(ToString::to_string) })
}

pub(crate) fn open_list(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_uppercase());
    if starts && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        return Ok(());
    }
    Err(RuleError::new(
        "must start with a capital letter and go on with capitals, digits or underscores",
    ))
}

pub(crate) fn email(_: &'static TextKind, text: &str, values: &mut ParseCache) -> Verdict {
    values.email(text)?;
    Ok(())
}

pub(crate) fn phone(_: &'static TextKind, text: &str, values: &mut ParseCache) -> Verdict {
    values.phone(text)?;
    Ok(())
}

pub(crate) fn country_code(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    let Err(error) = CountryCode::parse(text) else { return Ok(()) };
    let upper = text.trim().to_ascii_uppercase();
    let fix = CountryCode::parse(&upper).is_ok().then_some(upper);
    Err(RuleError { message: error.to_string(), fix })
}

pub(crate) fn bank_customer_number(
    _: &'static TextKind,
    text: &str,
    _: &mut ParseCache,
) -> Verdict {
    BankCustomerNumber::parse(text)?;
    Ok(())
}

pub(crate) fn link_id(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    LinkId::parse(text)?;
    Ok(())
}

pub(crate) fn web_site(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    WebSite::parse(text)?;
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
    Bic::parse(text)?;
    Ok(())
}

pub(crate) fn vat_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    VatNumber::parse(text)?;
    Ok(())
}

pub(crate) fn avs_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    AvsNumber::parse(text)?;
    Ok(())
}

pub(crate) fn isr_customer_number(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    IsrCustomerNumber::parse(text)?;
    Ok(())
}

pub(crate) fn intercom_name(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    match text.chars().nth(MAX_INTERCOM_NAME) {
        None => Ok(()),
        Some(_) => Err(RuleError::new(format!(
            "an intercom name has at most {MAX_INTERCOM_NAME} characters"
        ))),
    }
}

pub(crate) fn ringtone(_: &'static TextKind, text: &str, _: &mut ParseCache) -> Verdict {
    Ringtone::parse(text)?;
    Ok(())
}
