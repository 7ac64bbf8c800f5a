//! A filter as a flat list of terms, for stores that write it as text.

use super::{Comparison, Filter, FlagField, TextField};

/// A term of a filter in infix order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term<'a> {
    /// An opening parenthesis.
    Open,
    /// A closing parenthesis.
    Close,
    /// Both neighbours hold.
    And,
    /// One of the neighbours holds.
    Or,
    /// The parenthesis that follows does not hold.
    Not,
    /// Holds for every entry, or for none.
    Constant(bool),
    /// A text of the entry.
    TextField(TextField),
    /// A flag of the entry.
    FlagField(FlagField),
    /// The id of the contact.
    IdField,
    /// Compares the field before it with the value after it.
    Compare(Comparison),
    /// A text value. It never holds NUL.
    Text(&'a str),
    /// A flag value.
    Flag(bool),
    /// An id value.
    Id(i64),
}

impl Filter {
    /// The filter as terms. Every operand of [`Term::And`] and [`Term::Or`] stands in parentheses
    /// or is a comparison.
    ///
    /// ```
    /// use contacts_application::directory::{Comparison, Filter, Term};
    ///
    /// let filter = Filter::Not(Box::new(Filter::Id(Comparison::Less, 7)));
    /// let less = [Term::IdField, Term::Compare(Comparison::Less), Term::Id(7)];
    /// assert_eq!(filter.terms(), [&[Term::Not, Term::Open], &less[..], &[Term::Close]].concat());
    /// ```
    pub fn terms(&self) -> Vec<Term<'_>> {
        let mut terms = Vec::new();
        push(self, &mut terms);
        terms
    }
}

fn push<'a>(filter: &'a Filter, terms: &mut Vec<Term<'a>>) {
    match filter {
        Filter::Text(field, comparison, value) => push_text(*field, *comparison, value, terms),
        Filter::Flag(field, comparison, value) => {
            terms.extend([Term::FlagField(*field), Term::Compare(*comparison), Term::Flag(*value)]);
        }
        Filter::Id(comparison, value) => {
            terms.extend([Term::IdField, Term::Compare(*comparison), Term::Id(*value)]);
        }
        Filter::All(filters) => join(filters, Term::And, terms),
        Filter::Any(filters) => join(filters, Term::Or, terms),
        Filter::Not(filter) => {
            terms.extend([Term::Not, Term::Open]);
            push(filter, terms);
            terms.push(Term::Close);
        }
    }
}

/// No stored text holds NUL, and PostgreSQL takes none. In the order of bytes, a text that holds
/// NUL comes right after the part before it.
fn push_text<'a>(
    field: TextField,
    comparison: Comparison,
    value: &'a str,
    terms: &mut Vec<Term<'a>>,
) {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let (comparison, value) = match (value.split_once('\0'), comparison) {
        (None, _) => (comparison, value),
        (Some(_), Equal) => return terms.push(Term::Constant(false)),
        (Some(_), NotEqual) => return terms.push(Term::Constant(true)),
        (Some((before, _)), Less | LessOrEqual) => (LessOrEqual, before),
        (Some((before, _)), Greater | GreaterOrEqual) => (Greater, before),
    };
    terms.extend([Term::TextField(field), Term::Compare(comparison), Term::Text(value)]);
}

/// Joins filters as a balanced tree: databases limit the depth of an expression, and a chain is as
/// deep as it is long.
fn join<'a>(filters: &'a [Filter], operator: Term<'a>, terms: &mut Vec<Term<'a>>) {
    match filters {
        [] => terms.push(Term::Constant(operator == Term::And)),
        [filter] => push(filter, terms),
        several => {
            let (first, second) = several.split_at(several.len() / 2);
            terms.push(Term::Open);
            join(first, operator, terms);
            terms.push(operator);
            join(second, operator, terms);
            terms.push(Term::Close);
        }
    }
}
