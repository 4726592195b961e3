//! Purview's built-in functions, and what of ours does their work.

/// What a function is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rule) enum Ours {
    /// A detector, whose shapes, edges, checks and validators are taken.
    Detector(&'static str),
    /// One of our functions, as evidence.
    Function(&'static str),
}

/// What does the work of a function; `None` when nothing does.
pub(in crate::rule) fn ours(name: &str) -> Option<Ours> {
    let plain = name.strip_prefix("Func_").or_else(|| name.strip_prefix("func_")).unwrap_or(name).to_ascii_lowercase();
    match plain.as_str() {
        "us_date" | "eu_date" => return Some(Ours::Function("date")),
        "expiration_date" => return Some(Ours::Function("expiry-date")),
        _ => {}
    }
    TABLE.iter().find(|(names, _)| names.contains(&plain.as_str())).map(|(_, id)| Ours::Detector(id))
}

/// The function that a detector of ours would be there, where there is one.
pub(in crate::rule) fn theirs(detector: &str) -> Option<String> {
    let row = TABLE.iter().find(|(_, id)| *id == detector)?;
    row.0.first().map(|name| format!("Func_{name}"))
}

/// Functions (without `Func_`, in small letters) and detectors. Names: "Sensitive information type functions" at
/// learn.microsoft.com/purview.
static TABLE: &[(&[&str], &str)] = &[
    (&["aba_routing"], "bank.us-aba"),
    (
        &[
            "alberta_drivers_license_number",
            "british_columbia_drivers_license_number",
            "manitoba_drivers_license_number",
            "new_brunswick_drivers_license_number",
            "newfoundland_labrador_drivers_license_number",
            "nova_scotia_drivers_license_number",
            "ontario_drivers_license_number",
            "prince_edward_island_drivers_license_number",
            "quebec_drivers_license_number",
            "saskatchewan_drivers_license_number",
        ],
        "id.ca-dl",
    ),
    (&["argentina_unique_tax_key"], "id.ar-cuit-dni"),
    (&["australian_business_number", "australian_company_number"], "org.au-abn-acn"),
    (&["australian_medical_account_number"], "id.au-medicare"),
    (&["australian_tax_file_number"], "id.au-tfn"),
    (&["austria_eu_ssn_or_equivalent"], "id.at-svnr"),
    (&["austria_eu_tax_file_number"], "id.at-tin"),
    (&["belgium_national_number"], "id.be-nn"),
    (
        &[
            "belgium_value_added_tax_number",
            "austria_value_added_tax",
            "france_value_added_tax_number",
            "germany_value_added_tax_number",
            "hungarian_value_added_tax_number",
            "netherlands_value_added_tax_number",
        ],
        "vat.eu",
    ),
    (&["brazil_cnpj"], "id.br-cnpj"),
    (&["brazil_cpf"], "id.br-cpf"),
    (&["brazil_rg"], "id.br-rg"),
    (&["bulgaria_eu_national_id_card"], "id.bg-egn"),
    (&["canadian_sin", "unformatted_canadian_sin"], "id.ca-sin"),
    (&["chile_id_card"], "id.cl-rut"),
    (&["china_resident_id"], "id.cn-ric"),
    (&["credit_card"], "card.payment"),
    (&["eu_debit_card"], "card.eu-debit"),
    (&["croatia_id_card", "croatia_oib_number"], "id.hr-oib"),
    (&["czech_id_card", "czech_id_card_new_format", "slovakia_eu_national_id_card"], "id.cz-sk-rc"),
    (&["cyprus_eu_tax_file_number"], "id.mt-cy"),
    (&["dea_number"], "id.us-dea"),
    (&["denmark_eu_tax_file_number"], "id.dk-cpr"),
    (&["estonia_eu_national_id_card", "lithuania_eu_tax_file_number"], "id.ee-lt"),
    (&["finnish_national_id"], "id.fi-hetu"),
    (&["france_eu_tax_file_number"], "id.fr-nif"),
    (&["fr_passport"], "id.fr-passport"),
    (&["french_drivers_license"], "id.fr-dl"),
    (&["french_insee"], "id.fr-nir"),
    (&["german_drivers_license"], "id.de-fuehrerschein"),
    (&["german_id_card_with_check"], "id.de-personalausweis"),
    (&["german_passport", "german_passport_checksum"], "id.de-passport"),
    (&["germany_eu_tax_file_number"], "id.de-steuer-id"),
    (&["greece_eu_ssn"], "id.gr-amka-afm"),
    (&["hong_kong_id_card"], "id.hk"),
    (&["hungary_eu_national_id_card", "hungary_eu_ssn_or_equivalent", "hungary_eu_tax_file_number"], "id.hu"),
    (&["iban"], "bank.iban"),
    (&["india_aadhaar"], "id.in-aadhaar"),
    (&["india_gst_number"], "org.in-gstin"),
    (&["ireland_pps"], "id.ie-pps"),
    (&["israeli_national_id_number"], "id.il"),
    (&["italy_eu_national_id_card"], "id.it-cf"),
    (&["italy_value_added_tax_number"], "org.it-piva"),
    (&["japanese_my_number_personal", "japanese_my_number_corporate"], "id.jp-mynumber"),
    (&["jp_bank_account", "jp_bank_account_branch_code"], "bank.jp-account"),
    (
        &["jp_drivers_license_number", "jp_passport", "jp_resident_registration_number", "jp_sin", "jp_sin_pre_1997"],
        "id.jp-others",
    ),
    (&["latvia_eu_national_id_card"], "id.lv-pk"),
    (&["luxemburg_eu_tax_file_number", "luxemburg_eu_tax_file_number_non_natural"], "id.lu"),
    (&["mexico_population_registry_code"], "id.mx-curp-rfc"),
    (&["netherlands_bsn", "netherlands_eu_tax_file_number"], "id.nl-bsn"),
    (&["new_york_drivers_license_number"], "id.us-dl"),
    (&["new_zealand_bank_account_number"], "bank.nz-account"),
    (
        &[
            "new_zealand_inland_revenue_number",
            "new_zealand_ministry_of_health_number",
            "newzealand_driver_license_number",
            "newzealand_social_welfare_number",
        ],
        "id.nz",
    ),
    (&["norway_id_number"], "id.no-fnr"),
    (&["pesel_identification_number", "polish_national_id"], "id.pl-pesel"),
    (&["poland_eu_tax_file_number"], "id.pl-nip"),
    (&["polish_passport_number_v2"], "id.pl-passport"),
    (&["polish_regon_number"], "org.pl-regon"),
    (&["portugal_eu_tax_file_number"], "id.pt-nif-cc"),
    (&["romania_eu_national_id_card"], "id.ro-cnp"),
    (&["slovenia_eu_national_id_card", "slovenia_eu_tax_file_number"], "id.si-rs-emso"),
    (&["south_africa_identification_number"], "id.za"),
    (&["south_korea_resident_number"], "id.kr-rrn"),
    (
        &["spain_eu_dl_and_ni_number_citizen", "spain_eu_dl_and_ni_number_foreigner", "spain_eu_tax_file_number"],
        "id.es-dni-nie",
    ),
    (&["spanish_social_security_number"], "id.es-ssn"),
    (&["ssn", "unformatted_ssn", "randomized_formatted_ssn", "randomized_unformatted_ssn"], "id.us-ssn"),
    (&["formatted_itin", "unformatted_itin"], "id.us-itin"),
    (&["sweden_eu_tax_file_number", "swedish_national_identifier"], "id.se-pnr"),
    (&["swiss_social_security_number_ahv"], "id.ch-ahv"),
    (&["taiwanese_national_id"], "id.tw"),
    (&["thai_citizen_id"], "id.th"),
    (&["turkish_national_id"], "id.tr-tckn"),
    (&["uk_drivers_license"], "id.uk-dl"),
    (&["uk_eu_tax_file_number"], "id.uk-utr"),
    (&["uk_nhs_number"], "id.uk-nhs"),
    (&["uk_nino"], "id.uk-nino"),
    (&["usa_uk_passport"], "id.us-passport"),
];
