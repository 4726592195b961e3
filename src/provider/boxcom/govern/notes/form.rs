//! The form of an upload: two parts in one body, the attributes first, as the service wants them.
//!
//! Source: Box API reference "Upload file" (`metadata_after_file_contents`); RFC 7578.

use super::sha1_of;

/// A form, ready to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// `multipart/form-data` with the boundary.
    pub(super) kind: String,
    /// The whole body.
    pub(super) body: Vec<u8>,
}

impl Form {
    /// The form of a content with these attributes, which are JSON.
    pub(super) fn of(attributes: &str, content: &[u8]) -> Self {
        let boundary = boundary(attributes.as_bytes(), content);
        let mut body = Vec::with_capacity(content.len() + attributes.len() + 4 * boundary.len() + 256);
        let mut part = |head: &str, bytes: &[u8]| {
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        };
        part("name=\"attributes\"\r\nContent-Type: application/json", attributes.as_bytes());
        part("name=\"file\"; filename=\"file\"\r\nContent-Type: application/octet-stream", content);
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Self { kind: format!("multipart/form-data; boundary={boundary}"), body }
    }
}

/// A line that occurs in neither part: the hash of the content, numbered until it does not occur. The same content always
/// has the same form.
fn boundary(attributes: &[u8], content: &[u8]) -> String {
    let hash = sha1_of(content);
    let mut number = 0_u32;
    loop {
        let boundary = format!("sluicebox-{hash}-{number}");
        if !holds(attributes, boundary.as_bytes()) && !holds(content, boundary.as_bytes()) {
            return boundary;
        }
        number += 1;
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_its_attributes_first_and_ends_where_it_says() {
        for content in [&b""[..], b"text", b"\r\n--x--\r\n", &[0, 255, 13, 10]] {
            let form = Form::of(r#"{"name":"a"}"#, content);
            let boundary = form.kind.strip_prefix("multipart/form-data; boundary=").unwrap();
            let mut expected = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"attributes\"\r\nContent-Type: application/json\r\n\r\n\
                 {{\"name\":\"a\"}}\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            )
            .into_bytes();
            expected.extend_from_slice(content);
            expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
            assert_eq!(form.body, expected);
        }
    }

    #[test]
    fn a_boundary_occurs_nowhere() {
        let content = b"some content";
        let first = boundary(b"", content);
        let second = boundary(first.as_bytes(), content);
        assert_ne!(first, second);
        assert!(first.len() <= 70, "RFC 2046 allows no longer one");
    }
}
