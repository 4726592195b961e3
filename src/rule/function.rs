//! Built-in functions: shapes that many rules need and nobody should have to write, as a table.
//!
//! A function is an expression with a name; a rule may use it as a primary or as evidence. The text it sees is
//! normalised already: dashes are `-`, digits are ASCII, odd spaces are spaces.

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name rules use.
    pub name: &'static str,
    /// What it finds, in a sentence.
    pub what: &'static str,
    /// The expression, in the dialect of rules.
    pub regex: &'static str,
}

/// All functions, sorted by name.
pub static TABLE: [Function; 2] = [
    Function { name: "date", what: "a calendar date in digits or with a month's name", regex: DATE },
    Function { name: "expiry-date", what: "month and year, as on a payment card: 04/29", regex: EXPIRY_DATE },
];

/// The function with this name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Function> {
    TABLE.iter().find(|row| row.name == name)
}

/// Month names and their usual abbreviations in English, German, French, Spanish, Italian, Portuguese and Dutch.
macro_rules! months {
    () => {
        "(?:jan(?:uary|uari|uar|vier|v|eiro)?|gen(?:naio)?|ene(?:ro)?\
        |feb(?:ruary|ruari|ruar|rero|braio)?|f(?:e|é|É)v(?:rier|r|ereiro)?\
        |mar(?:ch|s|zo|(?:ç|Ç)o)?|m(?:ä|Ä|ae)rz|maart|mrt\
        |apr(?:ile|il)?|avr(?:il)?|abr(?:il)?|may|mayo|mai|maio|maggio|mag|mei\
        |june?|juni[o]?|juin|junho|giu(?:gno)?|july?|juli[o]?|juil(?:let)?|julho|lug(?:lio)?\
        |aug(?:ustus|ust)?|ao(?:u|û|Û)t|ago(?:sto)?\
        |sep(?:tember|tembre|tiembre|t)?|set(?:tembre|embro)?\
        |oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?\
        |nov(?:ember|embre|iembre|embro)?|dec(?:ember)?|d(?:é|É)c(?:embre)?|dez(?:ember|embro)?|dic(?:iembre|embre)?)"
    };
}

/// ISO 8601 dates; day, month, year and month, day, year with `.`, `/` or `-` between; and days beside a month's name.
const DATE: &str = concat!(
    r"(?i)\b(?:",
    r"(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:3[01]|[12][0-9]|0?[1-9])",
    r"|(?:3[01]|[12][0-9]|0?[1-9]) ?[-/.] ?(?:1[0-2]|0?[1-9]) ?[-/.] ?(?:(?:19|20)[0-9]{2}|[0-9]{2})",
    r"|(?:1[0-2]|0?[1-9])[-/](?:3[01]|[12][0-9]|0?[1-9])[-/](?:(?:19|20)[0-9]{2}|[0-9]{2})",
    r"|(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th|er|\.|o)?[ -]{0,2}(?:of |de )?",
    months!(),
    r"\.?[ ,-]{0,2}(?:de |del )?(?:(?:19|20)[0-9]{2}|'[0-9]{2})",
    r"|",
    months!(),
    r"\.?[ -]?(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?,?[ -](?:19|20)[0-9]{2}",
    r")\b"
);

/// Month and year, two or four digits.
const EXPIRY_DATE: &str = r"\b(?:0[1-9]|1[0-2]) ?[/.-] ?(?:20)?[2-4][0-9]\b";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::pattern;

    #[test]
    fn the_table_is_sorted_and_compiles() {
        assert!(TABLE.is_sorted_by_key(|row| row.name));
        for row in &TABLE {
            pattern::parse(row.regex).unwrap_or_else(|error| panic!("{}: {error:?}", row.name));
        }
    }

    #[test]
    fn functions_find_whole_values() {
        // Function, text, what is found first.
        let rows = [
            ("date", "born 1984-02-29.", Some("1984-02-29")),
            ("date", "am 3.10.1990 in", Some("3.10.1990")),
            ("date", "on 12/31/99,", Some("12/31/99")),
            ("date", "31/12/1999", Some("31/12/1999")),
            ("date", "den 4. MÄRZ 2021", Some("4. MÄRZ 2021")),
            ("date", "le 1er août 2020", Some("1er août 2020")),
            ("date", "12 de marzo de 1975", Some("12 de marzo de 1975")),
            ("date", "1 maggio 2001", Some("1 maggio 2001")),
            ("date", "7 de março de 1999", Some("7 de março de 1999")),
            ("date", "5 mei 2010", Some("5 mei 2010")),
            ("date", "July 4th, 1976", Some("July 4th, 1976")),
            ("date", "41/13/2020", None),
            ("date", "version 1.2.3", None),
            ("date", "12345-01-01", None),
            ("expiry-date", "exp 04/29", Some("04/29")),
            ("expiry-date", "exp 11-2031", Some("11-2031")),
            ("expiry-date", "exp 13/29", None),
            ("expiry-date", "at 04/296", None),
        ];
        for (name, text, want) in rows {
            let regex = pattern::searched(lookup(name).unwrap().regex).unwrap();
            let got = regex.find(text.as_bytes()).map(|found| std::str::from_utf8(found.as_bytes()).unwrap());
            assert_eq!(got, want, "{name} in {text}");
        }
    }
}
