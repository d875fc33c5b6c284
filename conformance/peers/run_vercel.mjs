// Golden files of the AI SDK (npm `ai`) with its telemetry on: the spans of every case.
//
// Called by `cargo xtask golden` as `node run_vercel.mjs VARIANT on|off OUT_DIR CASES_DIR PORT`, from the folder with the
// packages of vercel/ or vercel-newest/, with the mock server on PORT. Spans go to an exporter in memory; a span `parent`
// of the application is open around each call. A case's request is in the words of the HTTP API: here it becomes the
// arguments of generateText, streamText or embedMany that make the SDK send the same, as far as it can.
import { mkdirSync, readFileSync, readdirSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { context, trace, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createOpenAI } from '@ai-sdk/openai';
import * as ai from 'ai';

const [variant, content, out, casesFolder, port] = process.argv.slice(2);
const GOLDEN_PORT = 18181; // where the mock server seems to listen, in every golden file
const GOLDEN_REFUSED_PORT = 1; // where nothing listens, in every golden file
const refusedPort = await portThatWasLetGo(); // Node's fetch doesn't even try port 1
const TIME = '<time>';
const TIMEOUT = 10_000;
globalThis.AI_SDK_LOG_WARNINGS = false;

const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
if (variant === 'vercel_newest') {
  const { OpenTelemetry } = await import('@ai-sdk/otel');
  ai.registerTelemetry(new OpenTelemetry());
}

async function portThatWasLetGo() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// ---- from a request to the SDK's arguments

/** What the SDK has no argument for, so that the case isn't run. */
class CantAsk extends Error {}

/** The settings that every function takes, without those that aren't there. */
function settings(request) {
  return present({
    maxOutputTokens: request.max_tokens ?? request.max_completion_tokens ?? request.max_output_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    stopSequences: typeof request.stop === 'string' ? [request.stop] : request.stop,
    seed: request.seed,
  });
}

/** What goes to this provider only. */
function providerOptions(request) {
  const openai = present({
    serviceTier: request.service_tier,
    user: request.user,
    logprobs: request.logprobs,
    store: request.store,
    metadata: request.metadata,
    reasoningEffort: request.reasoning_effort ?? request.reasoning?.effort,
    reasoningSummary: request.reasoning?.summary,
    previousResponseId: request.previous_response_id,
    dimensions: request.dimensions,
  });
  return { openai };
}

function present(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

/** Chat messages and the items of a responses request. A tool's result must name the tool. */
function messages(list) {
  const toolNames = {};
  return list.map((message) => {
    for (const call of message.tool_calls ?? []) toolNames[call.id] = call.function.name;
    switch (message.role) {
      case 'system':
      case 'developer':
        return { role: 'system', content: text(message.content) };
      case 'user':
        return { role: 'user', content: isText(message.content) ? message.content : message.content.map(userPart) };
      case 'assistant':
        return { role: 'assistant', content: assistantParts(message) };
      case 'tool':
        return { role: 'tool', content: [toolResult(message, toolNames[message.tool_call_id])] };
      default:
        throw new CantAsk(`a message of the role ${message.role}`);
    }
  });
}

const isText = (content) => typeof content === 'string';
const text = (content) => (isText(content) ? content : content.map((part) => part.text).join('\n'));

function userPart(part) {
  switch (part.type) {
    case 'text':
    case 'input_text':
      return { type: 'text', text: part.text };
    case 'image_url': {
      const { url, detail } = part.image_url;
      return { type: 'image', image: url, ...(detail && { providerOptions: { openai: { imageDetail: detail } } }) };
    }
    case 'input_audio':
      return { type: 'file', data: part.input_audio.data, mediaType: `audio/${part.input_audio.format}` };
    default:
      throw new CantAsk(`a part of the type ${part.type}`);
  }
}

function assistantParts(message) {
  const said = message.content ? [{ type: 'text', text: text(message.content) }] : [];
  const calls = (message.tool_calls ?? []).map((call) => ({
    type: 'tool-call',
    toolCallId: call.id,
    toolName: call.function.name,
    input: JSON.parse(call.function.arguments),
  }));
  return [...said, ...calls];
}

function toolResult(message, toolName) {
  const output = isText(message.content)
    ? { type: 'text', value: message.content }
    : { type: 'content', value: message.content.map((part) => ({ type: 'text', text: part.text })) };
  return { type: 'tool-result', toolCallId: message.tool_call_id, toolName, output };
}

/** Tools that the SDK can't run itself, so that one request is one call. */
function tools(request) {
  if (!request.tools) return {};
  const named = request.tools.map((tool) => tool.function ?? tool);
  const entries = named.map((tool) => [
    tool.name,
    ai.tool({ description: tool.description, inputSchema: ai.jsonSchema(tool.parameters) }),
  ]);
  return { tools: Object.fromEntries(entries), ...present({ toolChoice: request.tool_choice }) };
}

function output(request) {
  const schema = request.response_format?.json_schema?.schema;
  return schema ? { output: ai.Output.object({ schema: ai.jsonSchema(schema) }) } : {};
}

// ---- the call

async function makeCall(name, meta, request) {
  const baseURL = meta.fault === 'connection_refused' ? `http://127.0.0.1:${refusedPort}/v1` : `http://127.0.0.1:${port}/${name}/v1`;
  const provider = createOpenAI({ apiKey: 'sk-mock', baseURL });
  const stop = new AbortController();
  const common = {
    maxRetries: 0,
    abortSignal: AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT)]),
    providerOptions: providerOptions(request),
    experimental_telemetry: { isEnabled: true, recordInputs: content === 'on', recordOutputs: content === 'on' },
  };
  if (request.n > 1) throw new CantAsk('more than one answer (n)');
  if (meta.sdk_call === 'embeddings.create') {
    const values = [request.input].flat();
    return whole(() => ai.embedMany({ ...common, model: provider.embedding(request.model), values }));
  }
  const what = { ...common, ...settings(request) };
  if (meta.sdk_call === 'completions.create') {
    Object.assign(what, { model: provider.completion(request.model), prompt: request.prompt });
  } else if (meta.sdk_call === 'responses.create') {
    const input = typeof request.input === 'string' ? { prompt: request.input } : { messages: messages(request.input) };
    Object.assign(what, { model: provider.responses(request.model), system: request.instructions }, input, tools(request));
  } else {
    const list = messages(request.messages);
    Object.assign(what, { model: provider.chat(request.model), messages: list, allowSystemInMessages: true });
    Object.assign(what, tools(request), output(request));
  }
  return meta.stream ? streamed(what, meta, stop) : whole(() => ai.generateText(what));
}

async function whole(call) {
  try {
    await call();
    return { items_read: 0, exception: null };
  } catch (error) {
    return { items_read: 0, exception: error.name };
  }
}

/** Reads the parts of `fullStream`. "After two" counts the pieces of text: the parts before them are the SDK's own. */
async function streamed(what, meta, stop) {
  let [items, texts, exception] = [0, 0, null];
  try {
    const result = ai.streamText({ ...what, onError: () => {} });
    for await (const part of result.fullStream) {
      items += 1;
      if (part.type === 'error') exception = part.error.name ?? 'error'; // what the server sent may be no Error
      if (part.type === 'text-delta') texts += 1;
      if (meta.client_action?.startsWith('break_after_2') && texts === 2) {
        stop.abort();
        break;
      }
    }
  } catch (error) {
    exception = error.name;
  }
  return { items_read: items, exception };
}

// ---- from spans to a golden file

const MEASURED = ['msToFirstChunk', 'msToFinish', 'avgOutputTokensPerSecond', 'time_to_first_chunk', 'time_per_output_chunk', 'duration'];

/** As the OTLP exporter for JavaScript types them: a whole number is an int. */
function typed(value) {
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return { double: value };
    return { int: value === Number(port) ? GOLDEN_PORT : value === refusedPort ? GOLDEN_REFUSED_PORT : value };
  }
  if (typeof value === 'string') return { string: atGoldenPort(value) };
  if (value === null || value === undefined) return { null: null };
  if (Array.isArray(value)) return { array: value.map(typed) };
  return { kvlist: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typed(item)])) };
}

function atGoldenPort(text) {
  return text
    .replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${GOLDEN_PORT}`)
    .replaceAll(`127.0.0.1:${refusedPort}`, `127.0.0.1:${GOLDEN_REFUSED_PORT}`);
}

function attributes(values) {
  const told = {};
  for (const key of Object.keys(values ?? {}).sort()) {
    if (MEASURED.some((measured) => key.includes(measured))) told[key] = { double: TIME }; // whole only by chance
    else if (key === 'exception.stacktrace') told[key] = { string: '<stacktrace>' };
    else told[key] = typed(values[key]);
  }
  return told;
}

/** The spans in the order in which they began. */
function spans() {
  const finished = exporter.getFinishedSpans();
  const parent = finished.find((span) => span.instrumentationScope.name === 'conformance.parent');
  const nanoseconds = (span) => BigInt(span.startTime[0]) * 1_000_000_000n + BigInt(span.startTime[1]);
  const rest = finished.filter((span) => span !== parent);
  // What begins in the same instant: a parent is before its child.
  const depth = (span) => {
    const above = rest.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
    return above ? depth(above) + 1 : 0;
  };
  rest.sort((a, b) => Number(nanoseconds(a) - nanoseconds(b)) || depth(a) - depth(b));
  const ids = new Map([[parent.spanContext().spanId, 'parent'], ...rest.map((span, at) => [span.spanContext().spanId, `span${at}`])]);
  return rest.map((span) => ({
    id: ids.get(span.spanContext().spanId),
    parent: ids.get(span.parentSpanContext?.spanId) ?? null,
    same_trace: span.spanContext().traceId === parent.spanContext().traceId,
    name: span.name,
    kind: SpanKind[span.kind],
    status: { code: SpanStatusCode[span.status.code], description: span.status.message ? atGoldenPort(span.status.message) : null },
    attributes: attributes(span.attributes),
    events: span.events.map((event) => ({ name: event.name, attributes: attributes(event.attributes) })),
    scope: {
      name: span.instrumentationScope.name,
      version: span.instrumentationScope.version ?? '',
      schema_url: span.instrumentationScope.schemaUrl ?? '',
    },
  }));
}

mkdirSync(out, { recursive: true });
for (const name of readdirSync(casesFolder).sort()) {
  const folder = join(casesFolder, name);
  if (!existsSync(join(folder, 'meta.json'))) continue;
  const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const [meta, request] = [read('meta.json'), read('request.json')];
  exporter.reset();
  const document = { case: name, variant, content };
  await trace.getTracer('conformance.parent').startActiveSpan('parent', async (parent) => {
    try {
      document.client = await makeCall(name, meta, request);
    } catch (error) {
      if (!(error instanceof CantAsk)) throw error;
      document.not_run = `the AI SDK can't ask for ${error.message}`;
    }
    // Spans of a stream that was let go end after it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    parent.end();
  });
  writeFileSync(join(out, `${name}.json`), JSON.stringify({ ...document, spans: spans(), logs: [], metrics: [] }, null, 1));
}
