//! HTTP/1.1 messages as a test looks at them: read leniently, because what is under test is the other side.
use crate::wire::{End, Wire};

/// A request or an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The request or status line.
    pub start: String,
    /// Names in lower case, values as they came, in order.
    pub fields: Vec<(String, String)>,
    /// Decoded.
    pub body: Vec<u8>,
    /// What came after a chunked body.
    pub trailers: Vec<(String, String)>,
}

/// A message that did not come whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// The head, where that was whole, with the body so far.
    pub head: Option<Box<Message>>,
    /// What was left over.
    pub rest: Vec<u8>,
    /// How the connection ended.
    pub end: End,
}

impl Message {
    pub(crate) fn of_head(head: &str) -> Self {
        let mut lines = head.trim_end().split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        Self { start, fields: lines.map(field).collect(), ..Self::default() }
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.word(0)
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.word(1)
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or_else(|_| panic!("no status line: {:?}", self.start))
    }

    fn word(&self, index: usize) -> &str {
        self.start.split(' ').nth(index).unwrap_or_default()
    }

    /// The values of a field, one a line.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a field that comes at most once.
    pub fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} comes {} times: {self:#?}", all.len());
        all.first().copied()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body that is text")
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|line| line.split(',').any(|item| item.trim().eq_ignore_ascii_case(value)))
    }

    /// Whether its sender ends the connection after it.
    pub fn closes(&self) -> bool {
        self.has("connection", "close")
    }

    fn read_body(&mut self, wire: &mut Wire) -> Result<(), Cut> {
        if self.has("transfer-encoding", "chunked") {
            return self.read_chunks(wire);
        }
        if let Some(length) = self.field("content-length") {
            let length = length.parse().expect("a content-length");
            while wire.unread.len() < length && wire.fill() {}
            self.body = wire.unread.drain(..length.min(wire.unread.len())).collect();
            return if self.body.len() == length { Ok(()) } else { Err(wire.cut()) };
        }
        if self.start.starts_with("HTTP/") {
            let (body, end) = wire.to_end();
            self.body = body;
            return if end == End::Closed { Ok(()) } else { Err(wire.cut()) };
        }
        Ok(())
    }

    fn read_chunks(&mut self, wire: &mut Wire) -> Result<(), Cut> {
        loop {
            let line = wire.take_to(b"\r\n")?;
            let size = str::from_utf8(&line).unwrap().trim_end().split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16).unwrap_or_else(|_| panic!("no chunk size: {size:?}"));
            if size == 0 {
                break;
            }
            self.body.extend(wire.take(size)?);
            assert_eq!(wire.take(2)?, b"\r\n", "a chunk's end");
        }
        loop {
            let line = wire.take_to(b"\r\n")?;
            if line == b"\r\n" {
                return Ok(());
            }
            self.trailers.push(field(str::from_utf8(&line).unwrap().trim_end()));
        }
    }
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name.to_ascii_lowercase(), value.trim().to_owned())
}

impl Wire {
    /// Reads a request whole; `None` where the connection ended before one began.
    pub fn request(&mut self) -> Result<Option<Message>, Cut> {
        while self.unread.is_empty() {
            if !self.fill() {
                return Ok(None);
            }
        }
        let mut request = self.head()?;
        self.body_of(&mut request).map(|()| Some(request))
    }

    /// Reads an answer to a `method` request whole: the final one.
    pub fn answer_to(&mut self, method: &str) -> Result<Message, Cut> {
        loop {
            let mut answer = self.head()?;
            match answer.status() {
                100..200 => {}
                204 | 304 => return Ok(answer),
                _ if method == "HEAD" => return Ok(answer),
                _ => return self.body_of(&mut answer).map(|()| answer),
            }
        }
    }

    /// Reads the body of a message whose head was read.
    pub fn body_of(&mut self, message: &mut Message) -> Result<(), Cut> {
        message.read_body(self).map_err(|cut| Cut { head: Some(Box::new(message.clone())), ..cut })
    }
}
