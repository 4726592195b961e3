//! From paths to texts, and from a text to what was typed: TOML, the version of the shape, and the keys.

use super::fault::Fault;
use super::file::{Cover, SourceFile};
use super::schema::{self, Key};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Largest file that is read, in bytes.
pub(crate) const BYTES_MAX: u64 = 4 << 20;
/// The version of the shape that this program reads.
const SCHEMA: u32 = 1;

/// Reads files of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// What such a file is: `rule`.
    pub noun: &'static str,
    /// Many of what it holds: `rules`.
    pub many: &'static str,
    /// What of it no message shows.
    pub cover: Cover,
    /// The keys that it may hold; `schema` is among them.
    pub keys: &'static [Key],
}

impl Reader {
    /// The texts of these files, and of all `*.toml` files of these folders, in order of their names.
    pub fn files(&self, paths: &[PathBuf], errors: &mut Vec<Fault>) -> Vec<SourceFile> {
        let paths: Vec<PathBuf> = paths.iter().flat_map(|path| self.files_of(path, errors)).collect();
        let mut found = Vec::new();
        for path in paths {
            match read_text(&path) {
                Ok(text) => found.push(SourceFile::new(&named(&path), text, Some(path), self.cover)),
                Err(why) => {
                    let message = format!("{} file cannot be used: {why}", self.noun);
                    errors.push(Fault::new(message).in_file(&named(&path)));
                }
            }
        }
        found
    }

    /// A file is itself; a folder is its `*.toml` files, sorted.
    fn files_of(&self, path: &Path, errors: &mut Vec<Fault>) -> Vec<PathBuf> {
        if !path.is_dir() {
            return vec![path.to_owned()];
        }
        let mut files: Vec<PathBuf> = match std::fs::read_dir(path) {
            Ok(entries) => entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect(),
            Err(why) => {
                let message = format!("folder of {} cannot be read: {why}", self.many);
                errors.push(Fault::new(message).in_file(&named(path)));
                return Vec::new();
            }
        };
        files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
        files.sort();
        if files.is_empty() {
            let error = Fault::new(format!("folder holds no {} files", self.noun)).in_file(&named(path));
            let help = format!("{} files end in `.toml` and are at most {} MiB", self.noun, BYTES_MAX >> 20);
            errors.push(error.help(help));
        }
        files
    }

    /// Parses a file into what it holds.
    ///
    /// # Errors
    /// All that is wrong with its shape, by place.
    pub fn parse<T: DeserializeOwned>(&self, source: &SourceFile) -> Result<T, Vec<Fault>> {
        let root = self.table(source)?;
        T::deserialize(toml::de::Deserializer::from(root)).map_err(|fault| vec![not_toml(source, &fault)])
    }

    /// Parses a file into its table, each value with its place.
    ///
    /// # Errors
    /// The same.
    pub fn table<'a>(&self, source: &'a SourceFile) -> Result<Spanned<DeTable<'a>>, Vec<Fault>> {
        let (root, faults) = DeTable::parse_recoverable(&source.text);
        if !faults.is_empty() {
            return Err(faults.iter().map(|fault| not_toml(source, fault)).collect());
        }
        let mut errors = Vec::new();
        self.check_version(source, &root, &mut errors);
        if errors.is_empty() {
            schema::check(source, &root, self.keys, &mut errors);
        }
        if !errors.is_empty() {
            errors.sort_by_key(|error| (error.line(), error.column()));
            return Err(errors);
        }
        Ok(root)
    }

    /// A file of another version is told so, and not held against keys that it cannot know.
    fn check_version(&self, source: &SourceFile, root: &Spanned<DeTable<'_>>, errors: &mut Vec<Fault>) {
        let Some(schema) = root.get_ref().get("schema") else { return };
        let DeValue::Integer(number) = schema.get_ref() else { return };
        if u32::from_str_radix(number.as_str(), number.radix()) != Ok(SCHEMA) {
            let message = format!("{} files of schema {} cannot be read", self.noun, number.as_str());
            let error = Fault::new(message).at(source, schema.span(), format!("this program reads schema {SCHEMA}"));
            errors.push(error.help("use the program that the file was written for, or write it for `schema = 1`"));
        }
    }
}

fn not_toml(source: &SourceFile, fault: &toml::de::Error) -> Fault {
    let span = fault.span().unwrap_or(0..0);
    Fault::new("this is not TOML").at(source, span, fault.message())
}

/// A path as messages name it.
#[must_use]
pub fn named(path: &Path) -> String {
    path.display().to_string()
}

/// A text file of at most [`BYTES_MAX`] bytes, UTF-8 or marked as UTF-16, without its byte order mark; else why not.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > BYTES_MAX) {
        return Err(format!("larger than {} MiB", BYTES_MAX >> 20));
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    // Rule packages of Purview come in UTF-16.
    let wide = match bytes.get(..2) {
        Some([0xFF, 0xFE]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        Some([0xFE, 0xFF]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(unit) = wide {
        let units = bytes[2..].chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        return text.map_err(|_| "not UTF-16, though it begins like it".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}
