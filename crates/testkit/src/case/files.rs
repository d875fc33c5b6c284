//! Reads a case from its folder and writes it to one.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Case, RecordedFault};

const META: &str = "meta.json";
const REQUEST: &str = "request.json";

/// Why a case can't be read or written.
#[derive(Debug)]
pub struct CaseError {
    path: PathBuf,
    problem: String,
}

impl CaseError {
    fn new(path: &Path, problem: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), problem: problem.to_string() }
    }

    /// The file or folder concerned.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for CaseError {}

impl Case {
    /// Reads the case in the folder `dir`.
    ///
    /// # Errors
    /// When a file is missing or `meta.json` isn't as described [above](crate::case).
    pub fn load(dir: impl AsRef<Path>) -> Result<Self, CaseError> {
        let dir = dir.as_ref();
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let meta = read(&dir.join(META))?;
        let request = read(&dir.join(REQUEST))?;
        let wrong = |problem| CaseError::new(&dir.join(META), problem);
        let response = match response_file(&meta).map_err(wrong)? {
            Some(file) => read(&dir.join(file))?,
            None => Bytes::new(),
        };
        Self::from_parts(&name, &meta, request, response).map_err(wrong)
    }

    /// Reads every folder in `dir` that has a `meta.json`, sorted by name.
    ///
    /// # Errors
    /// When `dir` can't be read or one of its cases can't.
    pub fn load_all(dir: impl AsRef<Path>) -> Result<Vec<Self>, CaseError> {
        let dir = dir.as_ref();
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(|error| CaseError::new(dir, error))? {
            let folder = entry.map_err(|error| CaseError::new(dir, error))?.path();
            if folder.join(META).is_file() {
                folders.push(folder);
            }
        }
        folders.sort();
        folders.iter().map(Self::load).collect()
    }

    /// Writes the case as a folder of its name into `parent` and returns that folder.
    ///
    /// # Errors
    /// When the folder or a file can't be written.
    pub fn save(&self, parent: impl AsRef<Path>) -> Result<PathBuf, CaseError> {
        let dir = parent.as_ref().join(&self.name);
        std::fs::create_dir_all(&dir).map_err(|error| CaseError::new(&dir, error))?;
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.join(name);
            std::fs::write(&path, bytes).map_err(|error| CaseError::new(&path, error))
        };
        write(META, format!("{:#}", self.meta()).as_bytes())?;
        write(REQUEST, &self.request)?;
        if let Some(file) = self.response_file() {
            write(file, &self.response)?;
        }
        Ok(dir)
    }

    pub(super) fn from_parts(name: &str, meta: &[u8], request: Bytes, response: Bytes) -> Result<Self, String> {
        let mut meta = Members(parse_object(meta)?);
        meta.0.remove("response_file");
        meta.0.remove("name");
        let status = meta.take("status", |value| value.as_u64().and_then(|status| u16::try_from(status).ok()))?;
        Ok(Self {
            name: name.to_owned(),
            method: meta.text("method")?.unwrap_or_else(|| "POST".to_owned()),
            path: meta.text("path")?.ok_or("has no `path`")?,
            request,
            status: status.ok_or("has no `status`")?,
            headers: meta.take("headers", headers)?.unwrap_or_default(),
            stream: meta.take("stream", Value::as_bool)?.unwrap_or_default(),
            response,
            fault: meta.take("fault", |value| value.as_str().and_then(RecordedFault::from_name))?,
            write_size: meta.take("write_size", |value| {
                value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0)
            })?,
            client_action: meta.text("client_action")?,
            sdk_call: meta.text("sdk_call")?,
            server: meta.text("server")?,
            extra: meta.0,
        })
    }

    fn response_file(&self) -> Option<&'static str> {
        match (self.fault, self.stream) {
            (Some(RecordedFault::ConnectionRefused), _) => None,
            (_, true) => Some("response.sse"),
            (_, false) => Some("response.json"),
        }
    }

    fn meta(&self) -> Value {
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let mut meta = self.extra.clone();
        let mut set = |name: &str, value: Value| meta.insert(name.to_owned(), value);
        set("name", self.name.as_str().into());
        set("method", self.method.as_str().into());
        set("path", self.path.as_str().into());
        set("status", self.status.into());
        set("headers", headers.into());
        set("stream", self.stream.into());
        set("response_file", self.response_file().into());
        set("fault", self.fault.map(RecordedFault::name).into());
        let optional = [("client_action", &self.client_action), ("sdk_call", &self.sdk_call), ("server", &self.server)];
        for (name, value) in optional {
            if let Some(value) = value {
                set(name, value.as_str().into());
            }
        }
        if let Some(size) = self.write_size {
            set("write_size", size.into());
        }
        meta.into()
    }
}

impl RecordedFault {
    /// Its name in `meta.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConnectionRefused => "connection_refused",
            Self::CutAfterBody => "cut_after_body",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::ConnectionRefused, Self::CutAfterBody].into_iter().find(|fault| fault.name() == name)
    }
}

/// The members of `meta.json` that are not read yet.
struct Members(Map<String, Value>);

impl Members {
    /// Takes a member out; absent and `null` are the same.
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<Option<T>, String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(&value).map(Some).ok_or_else(|| format!("`{name}` can't be {value}")),
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        self.take(name, |value| value.as_str().map(str::to_owned))
    }
}

fn headers(value: &Value) -> Option<Vec<(String, String)>> {
    let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    value.as_object()?.iter().map(pair).collect()
}

fn parse_object(meta: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(meta) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("isn't a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn response_file(meta: &[u8]) -> Result<Option<String>, String> {
    Members(parse_object(meta)?).text("response_file")
}

fn read(path: &Path) -> Result<Bytes, CaseError> {
    std::fs::read(path).map(Bytes::from).map_err(|error| CaseError::new(path, error))
}
