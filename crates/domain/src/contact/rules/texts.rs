//! Rules about one text.

use super::Flaw;
use crate::contact::check::Values;
use crate::tree::TextKind;
use crate::value::{
    AvsNumber, BankCustomerNumber, Bic, CalendarDate, CountryCode, Iban, IsrCustomerNumber, LinkId,
    QrIban, VatNumber, WebSite,
};

type Verdict = Result<(), Flaw>;

pub(crate) fn date(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    CalendarDate::parse(text)?;
    Ok(())
}

pub(crate) fn closed_list(kind: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    if kind.allowed.contains(&text) {
        return Ok(());
    }
    let message = format!("the {} must be one of {}", kind.name, kind.allowed.join(", "));
    let spelling = kind.allowed.iter().find(|allowed| allowed.eq_ignore_ascii_case(text.trim()));
    Err(Flaw { message, fix: spelling.map(ToString::to_string) })
}

pub(crate) fn open_list(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_uppercase());
    if starts && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        return Ok(());
    }
    Err(Flaw::new(
        "must start with a capital letter and go on with capitals, digits or underscores",
    ))
}

pub(crate) fn email(_: &'static TextKind, text: &str, values: &mut Values) -> Verdict {
    values.email(text)?;
    Ok(())
}

pub(crate) fn phone(_: &'static TextKind, text: &str, values: &mut Values) -> Verdict {
    values.phone(text)?;
    Ok(())
}

pub(crate) fn country_code(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    let Err(error) = CountryCode::parse(text) else { return Ok(()) };
    let upper = text.trim().to_ascii_uppercase();
    let fix = CountryCode::parse(&upper).is_ok().then_some(upper);
    Err(Flaw { message: error.to_string(), fix })
}

pub(crate) fn bank_customer_number(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    BankCustomerNumber::parse(text)?;
    Ok(())
}

pub(crate) fn link_id(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    LinkId::parse(text)?;
    Ok(())
}

pub(crate) fn web_site(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    WebSite::parse(text)?;
    Ok(())
}

pub(crate) fn account_number(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    if Iban::looks_like_one(text) {
        Iban::parse(text)?;
    }
    Ok(())
}

pub(crate) fn qr_iban(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    QrIban::parse(text)?;
    Ok(())
}

pub(crate) fn bic(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    Bic::parse(text)?;
    Ok(())
}

pub(crate) fn vat_number(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    VatNumber::parse(text)?;
    Ok(())
}

pub(crate) fn avs_number(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    AvsNumber::parse(text)?;
    Ok(())
}

pub(crate) fn isr_customer_number(_: &'static TextKind, text: &str, _: &mut Values) -> Verdict {
    IsrCustomerNumber::parse(text)?;
    Ok(())
}
