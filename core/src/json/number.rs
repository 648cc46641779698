//! Numbers, judged from their text: a parsed number no longer knows how long an integer was.

use super::write::Style;
use crate::text::shown;
use crate::{Error, Result};

/// The spelling of the number `text` in `style`.
pub(super) fn write(out: &mut String, text: &str, style: Style) -> Result<()> {
    if !text.contains(['.', 'e', 'E']) {
        // A program reads `-0` as the integer it is.
        let text = if text == "-0" { "0" } else { text };
        if style != Style::Canonical && text.parse::<i64>().is_err() && text.parse::<u64>().is_err() {
            return Err(Error::invalid_input(
                "",
                format!("the integer {} does not fit into 64 bits", shown(text)),
            ));
        }
        out.push_str(text);
        return Ok(());
    }
    let float: f64 = text.parse().map_err(|_| Error::invalid_input("", "holds a malformed number"))?;
    match style {
        Style::Canonical => canonical(out, float, text),
        _ if !float.is_finite() => out.push_str("null"),
        Style::Compact => out.push_str(&shortest(float)),
        Style::Spaced => python(out, float),
    }
    Ok(())
}

/// As serde_json writes it, the shortest digits that read back as the same number.
fn shortest(float: f64) -> String {
    serde_json::Value::from(float).to_string()
}

/// One spelling for equal numbers: that of the integer where an `f64` still tells integers apart.
fn canonical(out: &mut String, float: f64, text: &str) {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2⁵³
    if !float.is_finite() {
        out.push_str(text);
    } else if float.fract() == 0.0 && float.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "an integer below 2⁵³")]
        out.push_str(&(float as i64).to_string());
    } else {
        out.push_str(&shortest(float));
    }
}

/// As Python's `repr` writes it: the same digits, with an exponent of at least two digits below 1e-4 and from 1e16.
fn python(out: &mut String, float: f64) {
    let text = shortest(float);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("-", text));
    out.push_str(sign);
    if let Some((mantissa, exponent)) = text.split_once('e') {
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ("e-", exponent),
            None => ("e+", exponent.trim_start_matches('+')),
        };
        out.push_str(mantissa.strip_suffix(".0").unwrap_or(mantissa));
        out.push_str(sign);
        if exponent.len() < 2 {
            out.push('0');
        }
        out.push_str(exponent);
    } else if let Some((first, more)) =
        text.strip_prefix("0.0000").and_then(|digits| digits.split_at_checked(1))
    {
        // From 1e-5 to 1e-4 serde_json writes no exponent.
        out.push_str(first);
        if !more.is_empty() {
            out.push('.');
            out.push_str(more);
        }
        out.push_str("e-05");
    } else {
        out.push_str(text);
    }
}
