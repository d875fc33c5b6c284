//! Phrases that would have a model forget its instructions or give them away.

use super::token::Token;
use crate::scan::rule::{Category, Severity};
use crate::scan::shape::{Piece, run};

const PHRASES: &str =
    "OWASP Top 10 for LLM applications, LLM01 prompt injection; garak's and Rebuff's published examples";

const fn phrase(name: &'static str, shapes: &'static [&'static [Piece]]) -> Token {
    Token::new(name, "", shapes).of(Category::Injection, Severity::Medium).source(PHRASES)
}

const ANY: Piece =
    Piece::Words(&["all", "any", "of", "the", "my", "your", "our", "these", "those", "every", "everything", "and"]);
const BEFORE: Piece = Piece::OneOfAnyCase(&[
    "previous",
    "prior",
    "above",
    "earlier",
    "preceding",
    "foregoing",
    "former",
    "existing",
    "initial",
    "original",
    "system",
]);
const WHAT: Piece = Piece::OneOfAnyCase(&[
    "instruction",
    "direction",
    "prompt",
    "rule",
    "command",
    "guideline",
    "message",
    "context",
    "order",
    "polic",
    "constraint",
    "restriction",
]);
const REST: Piece = run(crate::scan::class::LETTER, 0, 6);
const GAP: Piece = Piece::Words(&[]);

pub(super) static TOKENS: &[Token] = &[
    phrase(
        "prompt-override",
        &[
            &[
                Piece::OneOfAnyCase(&["ignore", "disregard", "forget", "override", "bypass", "neglect", "skip"]),
                ANY,
                BEFORE,
                Piece::Words(&["and", "system", "developer", "safety", "or", "given", "your", "the"]),
                WHAT,
                REST,
            ],
            &[
                Piece::OneOfAnyCase(&["ignore", "disregard", "forget"]),
                ANY,
                Piece::OneOfAnyCase(&["instructions", "system prompt", "guidelines"]),
                GAP,
                Piece::OneOfAnyCase(&[
                    "above",
                    "before",
                    "you were given",
                    "you have been given",
                    "you received",
                    "and ",
                ]),
            ],
            &[
                Piece::OneOfAnyCase(&["ignore", "disregard", "forget"]),
                Piece::Words(&["about"]),
                Piece::OneOfAnyCase(&["everything", "all"]),
                Piece::Words(&["that"]),
                Piece::OneOfAnyCase(&["above", "before", "you were told", "you have been told", "was said before"]),
            ],
            &[Piece::AnyCase("do not"), GAP, Piece::OneOfAnyCase(&["follow", "obey"]), ANY, BEFORE, GAP, WHAT, REST],
        ],
    ),
    phrase(
        "prompt-reveal",
        &[
            &[
                Piece::OneOfAnyCase(&[
                    "reveal", "print", "repeat", "output", "display", "show me", "show", "tell me", "leak", "expose",
                    "give me",
                ]),
                Piece::Words(&[
                    "me", "us", "all", "of", "the", "your", "full", "entire", "exact", "hidden", "secret", "initial",
                    "complete",
                ]),
                Piece::OneOfAnyCase(&[
                    "system prompt",
                    "system message",
                    "initial prompt",
                    "hidden instructions",
                    "secret instructions",
                    "developer message",
                ]),
            ],
            &[
                Piece::AnyCase("what"),
                Piece::Words(&["is", "are", "was", "were"]),
                Piece::OneOfAnyCase(&[
                    "your system prompt",
                    "your initial instructions",
                    "your hidden instructions",
                    "your original instructions",
                ]),
            ],
        ],
    ),
    phrase(
        "prompt-jailbreak",
        &[
            &[Piece::OneOfAnyCase(&[
                "do anything now",
                "developer mode enabled",
                "jailbreak mode",
                "you are now dan",
                "you are now in developer mode",
                "act as dan",
                "pretend you are dan",
                "god mode enabled",
                "unrestricted mode",
            ])],
            &[
                Piece::OneOfAnyCase(&["you are", "act as", "pretend to be", "respond as"]),
                Piece::Words(&["now", "if", "you", "an", "a"]),
                Piece::OneOfAnyCase(&[
                    "unrestricted ai",
                    "unfiltered ai",
                    "uncensored ai",
                    "amoral ai",
                    "evil ai",
                    "unrestricted assistant",
                    "unfiltered assistant",
                ]),
            ],
            &[
                Piece::OneOfAnyCase(&["without", "free of", "free from", "no longer bound by", "not bound by"]),
                Piece::Words(&[
                    "any", "all", "your", "the", "openai", "openai's", "its", "ethical", "moral", "safety", "content",
                ]),
                Piece::OneOfAnyCase(&[
                    "ethical guidelines",
                    "safety guidelines",
                    "moral guidelines",
                    "content policies",
                    "content policy",
                    "safety filters",
                    "ethical constraints",
                    "content restrictions",
                ]),
            ],
        ],
    ),
    phrase(
        "prompt-boundary",
        &[
            &[Piece::OneOf(&[
                "<|im_start|>system",
                "<|system|>",
                "<<SYS>>",
                "[/INST]",
                "<|start_header_id|>system",
                "### System:",
                "[SYSTEM OVERRIDE]",
                "</system>",
                "BEGIN SYSTEM PROMPT",
                "<|endoftext|>",
            ])],
            &[Piece::OneOfAnyCase(&[
                "new instructions:",
                "new system prompt:",
                "updated instructions:",
                "[system]: ",
                "system override:",
            ])],
        ],
    )
    .anywhere(),
    phrase(
        "prompt-exfiltration",
        &[
            &[
                Piece::OneOfAnyCase(&["send", "post", "upload", "forward", "exfiltrate", "email", "transmit"]),
                Piece::Words(&[
                    "all", "of", "the", "your", "any", "user", "user's", "users'", "this", "entire", "full", "my",
                ]),
                Piece::OneOfAnyCase(&[
                    "conversation",
                    "chat history",
                    "credentials",
                    "api keys",
                    "api key",
                    "passwords",
                    "secrets",
                    "system prompt",
                    "environment variables",
                    "private data",
                    "personal data",
                ]),
                Piece::Words(&["history", "and", "data", "to", "the", "this", "following", "a"]),
                Piece::OneOfAnyCase(&["http", "url", "webhook", "address", "server", "endpoint", "email"]),
            ],
            &[Piece::OneOfAnyCase(&[
                "do not tell the user",
                "don't tell the user",
                "do not inform the user",
                "without telling the user",
                "without the user knowing",
                "hide this from the user",
                "do not mention this to the user",
            ])],
        ],
    ),
];
