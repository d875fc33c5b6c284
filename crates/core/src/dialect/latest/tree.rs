//! A structured value, built as it is told.

use std::borrow::Cow;

use super::super::shared::json;
use super::super::{Key, Value};
use super::document::Document;
use crate::event;

/// A value that is being built.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    open: Vec<Open<'a>>,
    whole: Option<Value<'a>>,
}

/// A map or a list that hasn't ended.
#[derive(Debug)]
enum Open<'a> {
    Map { entries: Vec<(Key, Value<'a>)>, key: &'static str },
    List(Vec<Value<'a>>),
}

impl<'a> Tree<'a> {
    fn push(&mut self, value: Value<'a>) {
        match self.open.last_mut() {
            Some(Open::Map { entries, key }) => entries.push((Cow::Borrowed(key), value)),
            Some(Open::List(values)) => values.push(value),
            None => self.whole = Some(value),
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Map { entries, .. }) => self.push(Value::Map(entries)),
            Some(Open::List(values)) => self.push(Value::Array(values)),
            None => {}
        }
    }
}

impl<'a> Document<'a> for Tree<'a> {
    fn with_room(_: usize) -> Self {
        Self::default()
    }

    fn finish(self) -> Option<Value<'a>> {
        self.whole
    }

    fn open_map(&mut self) {
        self.open.push(Open::Map { entries: Vec::with_capacity(4), key: "" });
    }

    fn close_map(&mut self) {
        self.close();
    }

    fn open_list(&mut self) {
        self.open.push(Open::List(Vec::new()));
    }

    fn close_list(&mut self) {
        self.close();
    }

    fn key(&mut self, next: &'static str) {
        if let Some(Open::Map { key, .. }) = self.open.last_mut() {
            *key = next;
        }
    }

    fn null(&mut self) {
        self.push(Value::Null);
    }

    fn flag(&mut self, value: bool) {
        self.push(Value::Bool(value));
    }

    fn number(&mut self, value: i64) {
        self.push(Value::Int(value));
    }

    fn text(&mut self, text: &'a str) {
        self.push(Value::Str(text));
    }

    fn json(&mut self, text: &'a str) {
        self.push(json::value(text).unwrap_or(Value::Str(text)));
    }

    fn value(&mut self, value: &'a event::Value) {
        self.push(json::borrowed(value));
    }
}
