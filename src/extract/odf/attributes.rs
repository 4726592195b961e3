//! Attributes of OpenDocument that hold text somebody wrote: values of fields and forms, names, addresses, queries.

const LINK: &[&str] = &["href"];
const FIELD: &[&str] = &[
    "name",
    "string-value",
    "string-value-if-true",
    "string-value-if-false",
    "description",
    "condition",
    "href",
    "value",
    "table-name",
    "database-name",
];
const FORM: &[&str] = &[
    "name",
    "label",
    "title",
    "value",
    "current-value",
    "string-value",
    "default-value",
    "command",
    "datasource",
    "list-source",
    "href",
    "filter",
];
const SHEET: &[&str] = &[
    "name",
    "expression",
    "condition",
    "title",
    "sql-statement",
    "database-name",
    "table-name",
    "query-name",
    "source-name",
    "user-name",
    "password",
    "filter-name",
    "comment",
    "href",
    "cell-range-address",
];

/// The attributes worth reading on elements of this local name; `None` for none.
pub(super) fn text_attributes(element: &str) -> Option<&'static [&'static str]> {
    match element {
        "a" => Some(&["href", "title", "name"]),
        "object" | "image" | "plugin" | "applet" | "object-ole" | "floating-frame" | "section-source"
        | "event-listener" | "script" | "template" | "auto-reload" | "background-image" | "fill-image" => Some(LINK),
        "user-defined" => Some(&["name"]),
        "variable-set"
        | "user-field-decl"
        | "variable-input"
        | "placeholder"
        | "text-input"
        | "conditional-text"
        | "hidden-text"
        | "hidden-paragraph"
        | "database-display"
        | "database-name"
        | "execute-macro"
        | "section"
        | "bookmark"
        | "bookmark-start"
        | "reference-mark"
        | "reference-mark-start"
        | "dde-connection-decl"
        | "alphabetical-index-mark"
        | "toc-mark"
        | "user-index-mark"
        | "meta-field" => Some(FIELD),
        "form"
        | "textarea"
        | "password"
        | "file"
        | "formatted-text"
        | "number"
        | "date"
        | "time"
        | "fixed-text"
        | "combobox"
        | "listbox"
        | "option"
        | "item"
        | "button"
        | "image-frame"
        | "hidden"
        | "checkbox"
        | "radio"
        | "frame-control"
        | "value-range"
        | "generic-control"
        | "grid"
        | "column"
        | "connection-resource"
        | "property"
        | "list-property"
        | "list-value"
        | "text" => Some(FORM),
        "named-range"
        | "named-expression"
        | "database-range"
        | "content-validation"
        | "database-source-sql"
        | "database-source-table"
        | "database-source-query"
        | "source-service"
        | "source-cell-range"
        | "cell-range-source"
        | "table-source"
        | "scenario"
        | "dde-source"
        | "help-message"
        | "error-message"
        | "data-pilot-table"
        | "data-pilot-field"
        | "data-pilot-member"
        | "database-connection"
        | "filter-condition" => Some(SHEET),
        _ => None,
    }
}

/// True for an address that leads to another place of the same file.
pub(super) fn href_is_inside(href: &str) -> bool {
    let inside = ["#", "./", "Pictures/", "Object", "Media/", "vnd.sun.star.Package:"];
    inside.iter().any(|start| href.starts_with(start))
}
