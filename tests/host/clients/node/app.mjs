// Makes calls with the stock `openai` package: CALLS times a plain one and a streamed one, one after the other.
import OpenAI from "openai";

const client = new OpenAI({ defaultHeaders: { "x-test-pid": String(process.pid) }, maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
for (let call = 0; call < Number(process.argv[2]); call++) {
  const answer = await client.chat.completions.create({ model: "gpt-4o", messages });
  console.log(answer.id);
  const stream = await client.chat.completions.create({
    model: "gpt-4o-mini",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let id;
  for await (const chunk of stream) id = chunk.id;
  console.log(id);
}
