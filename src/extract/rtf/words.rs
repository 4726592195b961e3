//! What the control words of RTF 1.9.1 mean to a reader of text.

/// Where the text of a group goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    /// Into the document's own text.
    Text,
    /// Into a part beside it.
    Beside(Side),
    /// Behind the paragraph it stands in: instructions of fields, bookmarks.
    Waits,
    /// Nowhere, but fonts and their code pages are learnt from it.
    Fonts,
    /// Nowhere.
    Skipped,
    /// The data of an embedded object.
    Object,
    /// The data of a picture.
    Picture,
    /// Into the name of a shape's property, which decides about its value.
    Property,
    /// The source of a page of HTML that the document stands for.
    Html,
}

/// Parts beside the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Properties,
    Headers,
    Footnotes,
    Comments,
    Shapes,
    Names,
    Further,
}

impl Side {
    pub(super) const ALL: [Side; 7] =
        [Side::Properties, Side::Headers, Side::Footnotes, Side::Comments, Side::Shapes, Side::Names, Side::Further];

    pub(super) fn part(self) -> &'static str {
        match self {
            Side::Properties => "properties",
            Side::Headers => "headers and footers",
            Side::Footnotes => "footnotes",
            Side::Comments => "comments",
            Side::Shapes => "text boxes",
            Side::Names => "names",
            Side::Further => "further text",
        }
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// Where a group that begins with this word goes; `None` for words that begin no destination.
pub(super) fn destination(word: &[u8]) -> Option<Goes> {
    Some(match word {
        b"fonttbl" => Goes::Fonts,
        b"info" | b"title" | b"subject" | b"author" | b"operator" | b"keywords" | b"comment" | b"doccomm"
        | b"manager" | b"company" | b"category" | b"hlinkbase" | b"propname" | b"staticval" | b"linkval"
        | b"userprops" | b"docvar" | b"template" => Goes::Beside(Side::Properties),
        b"header" | b"headerl" | b"headerr" | b"headerf" | b"footer" | b"footerl" | b"footerr" | b"footerf" => {
            Goes::Beside(Side::Headers)
        }
        b"footnote" => Goes::Beside(Side::Footnotes),
        b"annotation" | b"atnid" | b"atnauthor" => Goes::Beside(Side::Comments),
        b"shptxt" => Goes::Beside(Side::Shapes),
        b"revtbl" | b"listname" | b"bkmkstart" | b"ffname" | b"objname" | b"objclass" | b"protusertbl"
        | b"liststylename" => Goes::Beside(Side::Names),
        b"fldinst" | b"xe" | b"tc" | b"rxe" | b"txe" | b"formfield" | b"ffdeftext" | b"ffl" | b"ffhelptext"
        | b"ffstattext" | b"ffformat" | b"ffentrymcr" | b"ffexitmcr" => Goes::Waits,
        b"fldrslt" | b"rtf" | b"field" | b"object" | b"result" | b"shp" | b"shpinst" | b"shprslt" | b"shpgrp"
        | b"sp" | b"pn" | b"upr" | b"ud" | b"nesttableprops" | b"mmath" | b"moMath" | b"moMathPara" | b"ruby"
        | b"do" | b"dptxbxtext" => Goes::Text,
        b"sn" => Goes::Property,
        b"objdata" => Goes::Object,
        b"pict" => Goes::Picture,
        b"htmltag" => Goes::Html,
        b"colortbl"
        | b"stylesheet"
        | b"listtable"
        | b"listoverridetable"
        | b"rsidtbl"
        | b"generator"
        | b"themedata"
        | b"colorschememapping"
        | b"datastore"
        | b"latentstyles"
        | b"blipuid"
        | b"bliptag"
        | b"nonshppict"
        | b"bkmkend"
        | b"atrfstart"
        | b"atrfend"
        | b"atnref"
        | b"atndate"
        | b"atnparent"
        | b"atntime"
        | b"atnicn"
        | b"listtext"
        | b"pntext"
        | b"pntxta"
        | b"pntxtb"
        | b"pnseclvl"
        | b"datafield"
        | b"wgrffmtfilter"
        | b"passwordhash"
        | b"panose"
        | b"fontemb"
        | b"fontfile"
        | b"filetbl"
        | b"xmlnstbl"
        | b"mmathPr"
        | b"leveltext"
        | b"levelnumbers"
        | b"defchp"
        | b"defpap"
        | b"pgptbl"
        | b"ftnsep"
        | b"ftnsepc"
        | b"ftncn"
        | b"aftnsep"
        | b"aftnsepc"
        | b"aftncn"
        | b"expandedcolortbl"
        | b"oldcprops"
        | b"oldpprops"
        | b"oldtprops"
        | b"oldsprops"
        | b"objalias"
        | b"objsect"
        | b"objtime"
        | b"creatim"
        | b"revtim"
        | b"printim"
        | b"buptim"
        | b"factoidname"
        | b"fchars"
        | b"lchars"
        | b"mhtmltag"
        | b"hsv"
        | b"nonesttables"
        | b"docfmt" => Goes::Skipped,
        b"shppict" => Goes::Text,
        _ => return None,
    })
}

/// Where the value of a shape's property goes.
pub(super) fn value_of(property: &str) -> Goes {
    const TEXTS: [&str; 7] =
        ["wzDescription", "wzTooltip", "gtextUNICODE", "pibName", "pihlShape", "wzScript", "gtextCSSFont"];
    if TEXTS.contains(&property) { Goes::Beside(Side::Shapes) } else { Goes::Skipped }
}

/// The character that a control word stands for.
pub(super) fn character(word: &[u8]) -> Option<char> {
    Some(match word {
        b"tab" => '\t',
        b"emdash" => '—',
        b"endash" => '–',
        b"emspace" | b"enspace" | b"qmspace" => ' ',
        b"bullet" => '•',
        b"lquote" => '‘',
        b"rquote" => '’',
        b"ldblquote" => '“',
        b"rdblquote" => '”',
        b"zwj" => '\u{200d}',
        b"zwnj" => '\u{200c}',
        b"ltrmark" => '\u{200e}',
        b"rtlmark" => '\u{200f}',
        _ => return None,
    })
}

/// The code page of a character set of Windows; 0 for the document's own, and nothing for symbols.
pub(super) fn code_page_of_set(set: i64) -> Option<u32> {
    Some(match set {
        77 => 10_000,
        78 => 10_001,
        79 => 10_003,
        80 => 10_008,
        81 => 10_002,
        128 => 932,
        129 => 949,
        130 => 1361,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178..=180 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => return None,
    })
}
