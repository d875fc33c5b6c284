//! One file of prices.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::PriceError;
use super::by_name::ByName;
use super::entry::{Entry, members};
use super::version::longest;
use crate::event::PriceSource;
use crate::wire::json::{Json, Kind};

/// The form of file that this version reads.
const FORMAT: u64 = 1;

/// Longest name of a model that is looked for.
pub(super) const MAX_NAME_BYTES: usize = 256;

/// One file of prices.
#[derive(Debug)]
pub(super) struct Layer {
    /// Whose prices the calls to a host have; `None`: nobody's.
    hosts: ByName<Option<Box<str>>>,
    providers: ByName<Table>,
    sources: ByName<Arc<PriceSource>>,
    /// Of entries that name none.
    source: Arc<PriceSource>,
}

/// The models of one provider. A program calls few of the many: each table is read when it is first asked for.
#[derive(Debug)]
struct Table {
    text: Cow<'static, str>,
    models: OnceLock<ByName<Option<Entry>>>,
}

impl Table {
    fn read(&self, sources: &ByName<Arc<PriceSource>>) -> Result<ByName<Option<Entry>>, String> {
        let mut models = ByName::default();
        members(&mut Json::new(&self.text), &mut |model, json| {
            let text = json.raw().map_err(|_| "not JSON".to_owned())?;
            let mut entry = Entry::read(text)?;
            if let Some(entry) = &mut entry
                && let Some(name) = &entry.source_name
            {
                let source = sources.get(name).ok_or("its source isn't among `sources`")?;
                entry.source = Some(Arc::clone(source));
            }
            models.insert(model.to_ascii_lowercase().into(), entry);
            Ok(())
        })?;
        Ok(models)
    }

    fn models(&self, sources: &ByName<Arc<PriceSource>>) -> &ByName<Option<Entry>> {
        // Files are read whole when they are given, and a test reads the embedded one.
        self.models.get_or_init(|| self.read(sources).unwrap_or_default())
    }
}

impl Layer {
    /// The embedded file, whose tables are read when they are needed.
    pub(super) fn embedded(text: &'static str) -> Self {
        Self::read(text, Cow::Borrowed).unwrap_or_else(|_| Self::empty())
    }

    /// A file, read whole.
    pub(super) fn whole(text: &str) -> Result<Self, PriceError> {
        let layer = Self::read(text, |table| Cow::Owned(table.to_owned())).map_err(PriceError)?;
        for (provider, table) in &layer.providers {
            let models =
                table.read(&layer.sources).map_err(|why| PriceError(format!("providers: {provider}: {why}")))?;
            let _ = table.models.set(models);
        }
        Ok(layer)
    }

    fn empty() -> Self {
        let source = Arc::new(PriceSource { name: "override".into(), ..PriceSource::default() });
        Self { hosts: ByName::default(), providers: ByName::default(), sources: ByName::default(), source }
    }

    fn read<'t>(text: &'t str, keep: impl Fn(&'t str) -> Cow<'static, str>) -> Result<Self, String> {
        let mut layer = Self::empty();
        let mut format = None;
        let mut json = Json::new(text);
        // The closures of `members` see texts of any lifetime; tables are cut out of `text` by their place.
        members(&mut json, &mut |key, json| {
            match key {
                "format" => format = json.u64().ok().flatten(),
                "about" => {}
                "sources" => members(json, &mut |name, json| {
                    layer.sources.insert(name.into(), Arc::new(source(json)?));
                    Ok(())
                })?,
                "hosts" => members(json, &mut |host, json| {
                    let provider = match json.peek() {
                        Ok(Kind::Null) => None,
                        _ => Some(json.str().ok().flatten().ok_or("give a provider's name, or null")?.to_cow().into()),
                    };
                    layer.hosts.insert(host.to_ascii_lowercase().into(), provider);
                    Ok(())
                })?,
                "providers" => members(json, &mut |provider, json| {
                    // The reader stands before the value, white space included.
                    json.peek().map_err(|_| "not JSON".to_owned())?;
                    let start = json.at();
                    json.skip().map_err(|_| "not JSON".to_owned())?;
                    let table = text.get(start..json.at()).unwrap_or_default();
                    let table = Table { text: keep(table), models: OnceLock::new() };
                    layer.providers.insert(provider.into(), table);
                    Ok(())
                })?,
                _ => return Err("not a member of a file of prices".to_owned()),
            }
            Ok(())
        })?;
        json.end().map_err(|_| "something follows the object".to_owned())?;
        match format {
            Some(FORMAT) => Ok(layer),
            _ => Err(format!("the member `format` is to be {FORMAT}")),
        }
    }

    /// Whose prices the calls to a host have, if this file says.
    pub(super) fn of_host(&self, host: &str) -> Option<Option<&str>> {
        self.hosts.get(host).map(Option::as_deref)
    }

    /// What this file says of a model.
    pub(super) fn entry(&self, provider: &str, model: &str) -> Option<Option<&Entry>> {
        let models = self.providers.get(provider)?.models(&self.sources);
        longest(model, |name| models.get(name)).map(Option::as_ref)
    }

    /// Where an entry is from.
    pub(super) fn source<'a>(&'a self, entry: &'a Entry) -> &'a Arc<PriceSource> {
        entry.source.as_ref().unwrap_or(&self.source)
    }

    /// Each provider and model that has prices.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.providers.iter().flat_map(|(provider, table)| {
            let known = table.models(&self.sources).iter().filter(|(_, entry)| entry.is_some());
            known.map(move |(model, _)| (&**provider, &**model))
        })
    }
}

fn source(json: &mut Json<'_>) -> Result<PriceSource, String> {
    let mut source = PriceSource::default();
    members(json, &mut |key, json| {
        let text: Box<str> = json.str().ok().flatten().ok_or("not a text")?.to_cow().into();
        match key {
            "name" => source.name = text,
            "version" => source.version = Some(text),
            "licence" => source.licence = Some(text),
            "date" => source.date = Some(text),
            // Notes for people.
            _ => {}
        }
        Ok(())
    })?;
    Ok(source)
}
