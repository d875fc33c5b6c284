//! Keys of the vendors of models and of the tools around them.

use super::token::{BETTERLEAKS, BETTERLEAKS_TRUFFLEHOG, Token, VELES, VELES_TRUFFLEHOG, uuid_behind};
use crate::scan::checksum::Check;
use crate::scan::class::{ALNUM, BASE64, HEX_LOWER, LETTER, LOWER_ALNUM, URL64, URL64_PAD, WORD};
use crate::scan::shape::{Piece, exactly, lit, run};

pub(super) static TOKENS: &[Token] = &[
    // 93 characters and `AA`, say Betterleaks and TruffleHog; Veles asks for no length.
    Token::new("anthropic-admin-api-key", "sk-ant-admin01-", &[&[lit("sk-ant-admin01-"), run(URL64, 40, 200)]])
        .source(VELES_TRUFFLEHOG),
    Token::new(
        "anthropic-oauth-token",
        "sk-ant-",
        &[&[Piece::OneOf(&["sk-ant-oat01-", "sk-ant-ort01-", "sk-ant-sid01-"]), run(URL64, 40, 200)]],
    )
    .source("Anthropic, Claude Code documentation, authentication"),
    Token::new("anthropic-api-key", "sk-ant-", &[&[lit("sk-ant-"), run(ALNUM, 3, 12), lit("-"), run(URL64, 40, 200)]])
        .source(VELES_TRUFFLEHOG),
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
    .entropy(30)
    .source("gitleaks 8.30.1, default rules; TruffleHog (3ab759f), detectors openai and openaiadmin"),
    // Keys of OpenAI's form without its mark, and those of the many services that copied the prefix.
    Token::new(
        "sk-api-key",
        "sk-",
        &[
            &[Piece::OneOf(&["sk-proj-", "sk-svcacct-", "sk-service-", "sk-admin-", "sk-api-"]), run(URL64, 40, 200)],
            &[lit("sk-"), run(ALNUM, 32, 128)],
        ],
    )
    .entropy(30)
    .check(Check::Mixed)
    .source("OpenAI API reference, authentication; DeepSeek API documentation (sk- and 32 digits)"),
    // 64 hexadecimal digits, say Betterleaks and TruffleHog; Veles takes more.
    Token::new(
        "openrouter-api-key",
        "sk-or-v",
        &[&[lit("sk-or-v"), run(crate::scan::class::DIGIT, 1, 2), lit("-"), run(URL64, 20, 128)]],
    )
    .entropy(30)
    .source(VELES_TRUFFLEHOG),
    Token::new("langfuse-secret-key", "sk-lf-", &[&uuid_behind(lit("sk-lf-"))]).source(BETTERLEAKS_TRUFFLEHOG),
    Token::new(
        "langsmith-api-key",
        "lsv2_",
        &[&[
            Piece::OneOf(&["lsv2_pt_", "lsv2_sk_"]),
            exactly(crate::scan::class::HEX, 32),
            lit("_"),
            run(crate::scan::class::HEX, 10, 10),
        ]],
    )
    .source(BETTERLEAKS_TRUFFLEHOG),
    // 52, say both.
    Token::new("groq-api-key", "gsk_", &[&[lit("gsk_"), run(ALNUM, 40, 80)]])
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    // 80 says TruffleHog, 70 to 120 Betterleaks; keys of its management begin `xai-token-` (Veles).
    Token::new("xai-api-key", "xai-", &[&[lit("xai-"), run(URL64, 64, 128)]])
        .entropy(30)
        .check(Check::Mixed)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Token::new("perplexity-api-key", "pplx-", &[&[lit("pplx-"), run(ALNUM, 40, 64)]]).entropy(35).source(VELES),
    Token::new("replicate-api-token", "r8_", &[&[lit("r8_"), run(URL64, 37, 40)]])
        .entropy(30)
        .check(Check::NotWord)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Token::new(
        "huggingface-access-token",
        "hf_",
        &[&[lit("hf_"), run(LETTER, 34, 34)], &[lit("hf_"), run(ALNUM, 34, 40)]],
    )
    .entropy(30)
    .check(Check::NotWord)
    .source(VELES_TRUFFLEHOG),
    Token::new("huggingface-organization-api-token", "api_org_", &[&[lit("api_org_"), run(ALNUM, 34, 34)]])
        .entropy(20)
        .source(BETTERLEAKS_TRUFFLEHOG),
    // 64, says TruffleHog; 60 to 70 Betterleaks.
    Token::new("nvidia-api-key", "nvapi-", &[&[lit("nvapi-"), run(URL64, 48, 96)]])
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    // Programs that check keys have 32, and more with hyphens.
    Token::new("tavily-api-key", "tvly-", &[&[lit("tvly-"), Piece::Maybe("dev-"), run(URL64, 20, 64)]])
        .entropy(30)
        .check(Check::Mixed)
        .source("Tavily API documentation, authentication"),
    Token::new("cerebras-api-key", "csk-", &[&[lit("csk-"), run(LOWER_ALNUM, 40, 64)]])
        .entropy(30)
        .check(Check::Mixed)
        .source(BETTERLEAKS),
    // Programs that check keys have 20 or more, 24 and 40.
    Token::new("fireworks-api-key", "fw_", &[&[lit("fw_"), run(ALNUM, 20, 64)]])
        .entropy(35)
        .check(Check::ThreeKinds)
        .source("Fireworks AI documentation, API keys"),
    Token::new("together-api-key", "tgp_v1_", &[&[lit("tgp_v1_"), run(URL64, 40, 64)]]).entropy(30).source(BETTERLEAKS),
    Token::new("cursor-api-key", "key_", &[&[lit("key_"), run(LOWER_ALNUM, 64, 64)]])
        .entropy(30)
        .check(Check::Mixed)
        .source("OSV-SCALIBR 0.5.3, veles/secrets; Betterleaks, default rules (in kingfisher-rules 3.0.1)"),
    Token::new("wandb-api-key", "wandb_v1_", &[&[lit("wandb_v1_"), run(WORD, 60, 100)]])
        .entropy(30)
        .source(BETTERLEAKS),
    Token::new("llama-cloud-api-key", "llx-", &[&[lit("llx-"), run(ALNUM, 40, 64)]]).entropy(30).source(BETTERLEAKS),
    Token::new("runpod-api-key", "rpa_", &[&[lit("rpa_"), run(ALNUM, 46, 46)]])
        .entropy(30)
        .check(Check::Mixed)
        .source(BETTERLEAKS),
    Token::new("cartesia-api-key", "sk_car_", &[&[lit("sk_car_"), run(WORD, 20, 64)]])
        .entropy(30)
        .check(Check::Mixed)
        .source(BETTERLEAKS),
    Token::new(
        "devin-api-key",
        "",
        &[&[lit("apk_user_"), run(BASE64, 100, 200)], &[lit("cog_"), run(LOWER_ALNUM, 52, 52)]],
    )
    .entropy(35)
    .check(Check::Mixed)
    .source(BETTERLEAKS),
    Token::new("brave-search-api-key", "BSA", &[&[lit("BSA"), run(URL64, 27, 40)]])
        .entropy(40)
        .check(Check::ThreeKinds)
        .source(BETTERLEAKS),
    Token::new("pinecone-api-key", "pcsk_", &[&[lit("pcsk_"), run(WORD, 50, 80)]])
        .entropy(35)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Token::new("elevenlabs-api-key", "sk_", &[&[lit("sk_"), run(HEX_LOWER, 48, 48)]])
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Token::new("gcp-api-key", "AIza", &[&[lit("AIza"), run(URL64, 35, 35)]]).entropy(40),
    Token::new("gemini-api-key", "AQ.Ab8R", &[&[lit("AQ.Ab8R"), run(URL64, 40, 64)]])
        .entropy(30)
        .source("OSV-SCALIBR 0.5.3, veles/secrets; Betterleaks, default rules (in kingfisher-rules 3.0.1)"),
    Token::new("google-oauth-access-token", "ya29.", &[&[lit("ya29."), run(URL64, 30, 1024)]])
        .entropy(35)
        .source(VELES),
    Token::new("google-oauth-client-secret", "GOCSPX-", &[&[lit("GOCSPX-"), run(URL64, 28, 28)]]).source(VELES),
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
