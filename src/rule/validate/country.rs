//! Countries by their two letters.

/// ISO 3166-1 alpha-2, officially assigned, sorted; and XK, which Kosovo's banks use by agreement.
const COUNTRIES: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCN\
    COCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIR\
    ISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONP\
    NRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTW\
    TZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

/// The place of two capital letters in an array of 26 by 26.
#[inline]
pub(super) fn letters_index(letters: &[u8]) -> Option<usize> {
    let place = |letter: u8| letter.is_ascii_uppercase().then(|| usize::from(letter - b'A'));
    let &[first, second] = letters else { return None };
    Some(place(first)? * 26 + place(second)?)
}

/// True for two capital letters that are a country.
#[inline]
pub(super) fn is_country(letters: &[u8]) -> bool {
    let (countries, _) = COUNTRIES.as_bytes().as_chunks::<2>();
    countries.binary_search_by(|country| country.as_slice().cmp(letters)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{COUNTRIES, is_country};

    #[test]
    fn sorted_and_complete() {
        let (countries, rest) = COUNTRIES.as_bytes().as_chunks::<2>();
        assert!(rest.is_empty() && countries.is_sorted());
        assert_eq!(countries.len(), 249 + 1);
        assert!(is_country(b"DE") && is_country(b"XK") && !is_country(b"ZZ") && !is_country(b"D"));
    }
}
