//! The calls of the demo: what an application would write, with async-openai and with reqwest.

use std::error::Error;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::CreateChatCompletionRequest;
use async_openai::types::embeddings::CreateEmbeddingRequest;
use async_openai::types::responses::CreateResponse;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sidetone::Observer;
use sidetone_testkit::case::Case;
use sidetone_testkit::server::{Failure, MockServer};

use super::News;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// What is said of a call while it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) client: &'static str,
    pub(super) operation: &'static str,
    pub(super) model: &'static str,
}

/// The clients, and the server that they talk to.
pub(super) struct World {
    server: MockServer,
    openai: Client<OpenAIConfig>,
    reqwest: reqwest_middleware::ClientWithMiddleware,
}

/// The kinds of calls, in the order they are made.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Chat,
    Stream,
    Tools,
    Embeddings,
    Retried,
    Responses,
    Cancelled,
    Failed,
}

const KINDS: &[Kind] = &[
    Kind::Chat,
    Kind::Stream,
    Kind::Tools,
    Kind::Embeddings,
    Kind::Retried,
    Kind::Responses,
    Kind::Cancelled,
    Kind::Failed,
];

const POEM: &str = "A line that carries every voice also lends the speaker's own, softly, to the ear: so you know, \
                    before an answer comes, that somebody could hear.";

/// Makes calls one after the other until there are `calls` of them, or `seconds` are over.
pub(super) fn drive(world: World, calls: u64, seconds: Option<Duration>, tell: &Sender<News>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("starting a runtime: {error}. Free some file descriptors"))?;
    let started = Instant::now();
    for (kind, number) in KINDS.iter().cycle().zip(0..) {
        let is_over = seconds.map_or(number >= calls, |seconds| started.elapsed() >= seconds);
        // Nobody looks any more when this fails.
        if is_over || tell.send(News::Begins(kind.label())).is_err() {
            break;
        }
        runtime
            .block_on(world.call(*kind, number))
            .map_err(|error| format!("{kind:?} of the demo didn't end as it should: {error}. Please report it"))?;
    }
    Ok(())
}

impl Kind {
    fn label(self) -> Label {
        let (client, operation, model) = match self {
            Self::Chat => ("async-openai", "chat", "gpt-4o-mini"),
            Self::Stream => ("async-openai", "chat stream", "gpt-4o"),
            Self::Tools => ("async-openai", "chat tools", "gpt-4o-mini"),
            Self::Embeddings => ("async-openai", "embeddings", "text-embedding-3-small"),
            Self::Retried => ("async-openai", "chat", "o4-mini"),
            Self::Responses => ("async-openai", "responses", "gpt-5-mini"),
            Self::Cancelled => ("reqwest", "chat stream", "gpt-4o"),
            Self::Failed => ("reqwest", "chat", "gpt-4o-mini"),
        };
        Label { client, operation, model }
    }
}

impl World {
    pub(super) fn new(observer: Observer, server: MockServer) -> Self {
        // The lines that an application adds: a client made with what observes.
        let config = OpenAIConfig::new().with_api_key("none-needed").with_api_base(server.base_url());
        let openai = observer.async_openai(config);
        let reqwest = observer.client(reqwest::Client::new());
        Self { server, openai, reqwest }
    }

    async fn call(&self, kind: Kind, number: u64) -> Outcome {
        let model = kind.label().model;
        // Each answer has its own pace and counts, by the number of the call.
        let input = 18 + number * 37 % 460;
        let pace = |ms: u64| Duration::from_millis(ms + number * 61 % 90);
        self.server.change(|server| {
            server
                .usage(input, 6 + number * 13 % 70)
                .head_delay(pace(110))
                .piece_delay(Duration::ZERO)
                .fail_first(0, Failure::status(500))
        });
        match kind {
            Kind::Chat => self.chat(model).await,
            Kind::Stream => {
                self.serve_poem(input, pace(20));
                self.stream(model).await
            }
            Kind::Tools => self.tools(model).await,
            Kind::Embeddings => self.embeddings(model).await,
            Kind::Retried => {
                self.server.change(|server| server.fail_first(2, Failure::status(429)));
                self.chat(model).await
            }
            Kind::Responses => self.respond(model).await,
            Kind::Cancelled => {
                self.serve_poem(input, pace(30));
                self.leave_early(model).await
            }
            Kind::Failed => self.unauthorized(model).await,
        }
    }

    /// Has streams say the poem, word by word.
    fn serve_poem(&self, input: u64, pace: Duration) {
        let Some(mut case) = Case::embedded("chat_stream_usage") else { return };
        case.set_response(poem(input));
        self.server.change(|server| server.case(case).piece_delay(pace));
    }

    async fn chat(&self, model: &str) -> Outcome {
        let request: CreateChatCompletionRequest = typed(chat(model, json!({})))?;
        self.openai.chat().create(request).await?;
        Ok(())
    }

    async fn stream(&self, model: &str) -> Outcome {
        let mut stream = self.openai.chat().create_stream(typed(streamed(model))?).await?;
        while let Some(chunk) = stream.next().await {
            chunk?;
        }
        Ok(())
    }

    async fn tools(&self, model: &str) -> Outcome {
        let parameters = json!({"type": "object", "properties": {"location": {"type": "string"}}});
        let function = json!({"name": "get_current_weather", "parameters": parameters});
        let tools = json!({"tools": [{"type": "function", "function": function}]});
        self.openai.chat().create(typed(chat(model, tools))?).await?;
        Ok(())
    }

    async fn embeddings(&self, model: &str) -> Outcome {
        let request: CreateEmbeddingRequest = typed(json!({"model": model, "input": ["first text", "second text"]}))?;
        self.openai.embeddings().create(request).await?;
        Ok(())
    }

    async fn respond(&self, model: &str) -> Outcome {
        let request: CreateResponse = typed(json!({"model": model, "input": "Say this is a test."}))?;
        self.openai.responses().create(request).await?;
        Ok(())
    }

    /// Reads a few words of a stream and goes.
    async fn leave_early(&self, model: &str) -> Outcome {
        let mut response = self.post("/chat/completions", &streamed(model)).await?;
        for _ in 0..9 {
            response.chunk().await?;
        }
        Ok(())
    }

    /// A wrong key. The client's user sees the error, as without us.
    async fn unauthorized(&self, model: &str) -> Outcome {
        self.server.change(|server| server.fail_first(1, Failure::status(401)));
        let response = self.post("/chat/completions", &chat(model, json!({}))).await?;
        let status = response.status();
        response.bytes().await?;
        if status == 401 { Ok(()) } else { Err(format!("a wrong key was answered by {status}").into()) }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<reqwest::Response, reqwest_middleware::Error> {
        let request = self.reqwest.post(format!("{}{path}", self.server.base_url()));
        request.header("content-type", "application/json").body(body.to_string()).send().await
    }
}

fn chat(model: &str, more: Value) -> Value {
    let mut request = json!({
        "model": model,
        "messages": [
            {"role": "system", "content": "You are a terse assistant."},
            {"role": "user", "content": "What is a sidetone?"},
        ],
    });
    if let (Some(request), Value::Object(more)) = (request.as_object_mut(), more) {
        request.extend(more);
    }
    request
}

fn streamed(model: &str) -> Value {
    chat(model, json!({"stream": true, "stream_options": {"include_usage": true}}))
}

fn typed<T: DeserializeOwned>(request: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(request)
}

/// A stream of chat chunks, a word each, with its counts at the end.
fn poem(input: u64) -> Vec<u8> {
    let chunk = |delta: Value, finish: Value, usage: Value| {
        let choices =
            if usage.is_null() { json!([{"index": 0, "delta": delta, "finish_reason": finish}]) } else { json!([]) };
        let chunk = json!({
            "id": "chatcmpl-demo", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "gpt-4o",
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let mut body = chunk(json!({"role": "assistant", "content": ""}), Value::Null, Value::Null);
    let words: Vec<_> = POEM.split_inclusive(' ').collect();
    for word in &words {
        body += &chunk(json!({"content": word}), Value::Null, Value::Null);
    }
    let output = words.len() as u64;
    body += &chunk(json!({}), json!("stop"), Value::Null);
    let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    body += &chunk(json!({}), Value::Null, usage);
    body += "data: [DONE]\n\n";
    body.into_bytes()
}
