//! Patterns of names and paths as shells have them, turned into regular expressions.
//!
//! `*` stands for any run of characters and `?` for one, in a path never across a `/`; `**` crosses; `[a-z]` and `[!a-z]`
//! are one character of a set; `{pay,salary}` is one of several. The whole name or path must fit.

/// A pattern as the text of a regular expression; the error says what is wrong with it.
pub(super) fn to_regex(pattern: &str, is_path: bool) -> Result<String, &'static str> {
    let one = if is_path { "[^/]" } else { "." };
    let mut regex = String::from(r"(?s)\A");
    let mut chars = pattern.chars().peekable();
    let mut braces = 0_u32;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => across(&mut regex, &mut chars),
            '*' => regex.push_str(&format!("{one}*")),
            '?' => regex.push_str(one),
            '[' => set(&mut regex, &mut chars)?,
            '{' => {
                braces += 1;
                regex.push_str("(?:");
            }
            ',' if braces > 0 => regex.push('|'),
            '}' if braces > 0 => {
                braces -= 1;
                regex.push(')');
            }
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    if braces > 0 {
        return Err("`{` is never closed by `}`");
    }
    regex.push_str(r"\z");
    Ok(regex)
}

/// `**`: anything; followed by `/` also nothing at all, so that `/a/**/b` is `/a/b` too.
fn across(regex: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    regex.push_str(if chars.next_if_eq(&'/').is_some() { "(?:.*/)?" } else { ".*" });
}

fn set(regex: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), &'static str> {
    regex.push('[');
    if chars.next_if(|c| matches!(c, '!' | '^')).is_some() {
        regex.push('^');
    }
    let mut empty = true;
    loop {
        match chars.next() {
            None => return Err("`[` is never closed by `]`"),
            Some(']') if !empty => break,
            Some('-') if !empty && chars.peek().is_some_and(|next| *next != ']') => regex.push('-'),
            Some(c) => regex.push_str(&format!(r"\x{{{:x}}}", u32::from(c))),
        }
        empty = false;
    }
    regex.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_name() {
        let rows = [
            ("*.pdf", "a.pdf", false, true),
            ("*.pdf", "a.pdf.exe", false, false),
            ("pay?.x*", "pay1.xlsx", false, true),
            ("pay?.x*", "pay12.xlsx", false, false),
            ("{pay,salary}-20[12][0-9].*", "salary-2019.csv", false, true),
            ("{pay,salary}-20[12][0-9].*", "salary-2039.csv", false, false),
            ("[!a-c]x", "dx", false, true),
            ("[!a-c]x", "bx", false, false),
            ("[]]", "]", false, true),
            ("[a-]", "-", false, true),
            ("a+b(1).txt", "a+b(1).txt", false, true),
            ("a,b}", "a,b}", false, true),
            ("*", "a/b", true, false),
            ("/hr/*/pay", "/hr/2026/pay", true, true),
            ("/hr/*/pay", "/hr/2026/may/pay", true, false),
            ("/hr/**/pay", "/hr/2026/may/pay", true, true),
            ("/hr/**/pay", "/hr/pay", true, true),
            ("/hr/**", "/hr/2026/may", true, true),
            ("**/*.key", "/a/b/id.key", true, true),
        ];
        for (pattern, text, is_path, fits) in rows {
            let regex = regex::Regex::new(&to_regex(pattern, is_path).unwrap()).unwrap();
            assert_eq!(regex.is_match(text), fits, "{pattern} on {text}");
        }
        assert!(to_regex("[a", false).is_err());
        assert!(to_regex("{a,b", false).is_err());
    }
}
