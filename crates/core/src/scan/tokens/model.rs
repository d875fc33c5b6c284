//! Keys of the vendors of models and of the tools around them.

use super::token::{Token, uuid_behind};
use crate::scan::checksum::Check;
use crate::scan::class::{ALNUM, BASE64, HEX_LOWER, LETTER, LOWER_ALNUM, URL64, URL64_PAD};
use crate::scan::shape::{Piece, exactly, lit, run};

pub(super) static TOKENS: &[Token] = &[
    Token::new("anthropic-admin-api-key", "sk-ant-admin01-", &[&[lit("sk-ant-admin01-"), run(URL64, 80, 128)]]),
    Token::new("anthropic-api-key", "sk-ant-api03-", &[&[lit("sk-ant-api03-"), run(URL64, 80, 128)]]),
    Token::new(
        "anthropic-oauth-token",
        "sk-ant-",
        &[&[Piece::OneOf(&["sk-ant-oat01-", "sk-ant-ort01-", "sk-ant-sid01-"]), run(URL64, 80, 200)]],
    )
    .source("Anthropic, Claude Code documentation, authentication"),
    // `T3BlbkFJ` is "OpenAI" in base64.
    Token::new(
        "openai-api-key",
        "sk-",
        &[
            &[
                Piece::OneOf(&["sk-proj-", "sk-svcacct-", "sk-admin-"]),
                exactly(URL64, 74),
                lit("T3BlbkFJ"),
                run(URL64, 74, 74),
            ],
            &[
                Piece::OneOf(&["sk-proj-", "sk-svcacct-", "sk-admin-"]),
                exactly(URL64, 58),
                lit("T3BlbkFJ"),
                run(URL64, 58, 58),
            ],
            &[
                Piece::OneOf(&["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"]),
                exactly(ALNUM, 20),
                lit("T3BlbkFJ"),
                run(ALNUM, 20, 20),
            ],
            &[lit("sk-"), exactly(ALNUM, 20), lit("T3BlbkFJ"), run(ALNUM, 20, 20)],
        ],
    )
    .entropy(30),
    // Keys of OpenAI's form without its mark, and those of the many services that copied the prefix.
    Token::new(
        "sk-api-key",
        "sk-",
        &[
            &[Piece::OneOf(&["sk-proj-", "sk-svcacct-", "sk-admin-"]), run(URL64, 40, 200)],
            &[lit("sk-"), run(ALNUM, 32, 128)],
        ],
    )
    .entropy(30)
    .check(Check::Mixed)
    .source("OpenAI API reference, authentication; DeepSeek API documentation (sk- and 32 digits)"),
    Token::new("openrouter-api-key", "sk-or-v1-", &[&[lit("sk-or-v1-"), run(HEX_LOWER, 64, 64)]])
        .source("OpenRouter API documentation, authentication"),
    Token::new("langfuse-secret-key", "sk-lf-", &[&uuid_behind(lit("sk-lf-"))])
        .source("Langfuse documentation, API keys"),
    Token::new(
        "langsmith-api-key",
        "lsv2_",
        &[&[Piece::OneOf(&["lsv2_pt_", "lsv2_sk_"]), exactly(HEX_LOWER, 32), lit("_"), run(HEX_LOWER, 10, 10)]],
    )
    .source("LangSmith documentation, API keys"),
    Token::new("groq-api-key", "gsk_", &[&[lit("gsk_"), run(ALNUM, 52, 52)]])
        .entropy(30)
        .source("Groq API documentation; TruffleHog's detector of the name"),
    Token::new("xai-api-key", "xai-", &[&[lit("xai-"), run(ALNUM, 80, 80)]])
        .entropy(30)
        .source("xAI API documentation; TruffleHog's detector of the name"),
    Token::new("perplexity-api-key", "pplx-", &[&[lit("pplx-"), run(ALNUM, 48, 56)]]).entropy(40),
    Token::new("replicate-api-token", "r8_", &[&[lit("r8_"), run(ALNUM, 37, 37)]])
        .entropy(30)
        .source("Replicate HTTP API reference, authentication"),
    Token::new(
        "huggingface-access-token",
        "hf_",
        &[&[lit("hf_"), run(LETTER, 34, 34)], &[lit("hf_"), run(ALNUM, 34, 40)]],
    )
    .entropy(30)
    .check(Check::NotWord),
    Token::new("huggingface-organization-api-token", "api_org_", &[&[lit("api_org_"), run(LETTER, 34, 34)]])
        .entropy(20),
    Token::new("nvidia-api-key", "nvapi-", &[&[lit("nvapi-"), run(URL64, 60, 80)]])
        .entropy(30)
        .source("NVIDIA API catalog documentation; TruffleHog's detector of the name"),
    Token::new("tavily-api-key", "tvly-", &[&[lit("tvly-"), Piece::Maybe("dev-"), run(ALNUM, 32, 40)]])
        .check(Check::Mixed)
        .source("Tavily API documentation, authentication"),
    Token::new("cerebras-api-key", "csk-", &[&[lit("csk-"), run(LOWER_ALNUM, 48, 48)]])
        .entropy(30)
        .check(Check::Mixed)
        .source("Cerebras inference documentation"),
    Token::new("fireworks-api-key", "fw_", &[&[lit("fw_"), run(ALNUM, 22, 24)]])
        .entropy(35)
        .check(Check::ThreeKinds)
        .source("Fireworks AI documentation, API keys"),
    Token::new("gcp-api-key", "AIza", &[&[lit("AIza"), run(URL64, 35, 35)]]).entropy(40),
    Token::new("google-oauth-access-token", "ya29.", &[&[lit("ya29."), run(URL64, 40, 1024)]])
        .entropy(35)
        .source("Google identity documentation, access tokens"),
    Token::new("google-oauth-client-secret", "GOCSPX-", &[&[lit("GOCSPX-"), run(URL64, 28, 28)]])
        .source("Google identity documentation; TruffleHog's detector of the name"),
    Token::new(
        "aws-amazon-bedrock-api-key-long-lived",
        "ABSK",
        &[&[lit("ABSK"), run(BASE64, 109, 269), Piece::Maybe("=="), Piece::Maybe("=")]],
    )
    .entropy(30),
    Token::new(
        "aws-amazon-bedrock-api-key-short-lived",
        "bedrock-api-key-",
        &[&[lit("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"), run(URL64_PAD, 0, 8192)]],
    ),
];
