//! Tokens of payment, mail, chat and other services.

use super::token::{BETTERLEAKS_TRUFFLEHOG, Token, uuid_behind};
use crate::scan::checksum::Check;
use crate::scan::class::{
    ALNUM, ALNUM_HYPHEN, BASE64, DIGIT, HEX, HEX_LOWER, LOWER_ALNUM, TO_H, URL64, URL64_PAD, URL64_PAD_DOT,
};
use crate::scan::shape::{Piece, exactly, lit, run};

const TWILIO: &[&str] = &[
    "SK0", "SK1", "SK2", "SK3", "SK4", "SK5", "SK6", "SK7", "SK8", "SK9", "SKa", "SKb", "SKc", "SKd", "SKe", "SKf",
    "SKA", "SKB", "SKC", "SKD", "SKE", "SKF",
];
/// The first two digits of an account's number in base64.
const DISCORD: &[&str] = &[
    "MTA", "MTE", "MTI", "MTM", "MTQ", "MTU", "MTY", "MTc", "MTg", "MTk", "MjA", "MjE", "MjI", "MjM", "MjQ", "MjU",
    "MjY", "Mjc", "Mjg", "Mjk", "MzA", "MzE", "MzI", "MzM", "MzQ", "MzU", "MzY", "Mzc", "Mzg", "Mzk", "NDA", "NDE",
    "NDI", "NDM", "NDQ", "NDU", "NDY", "NDc", "NDg", "NDk", "NTA", "NTE", "NTI", "NTM", "NTQ", "NTU", "NTY", "NTc",
    "NTg", "NTk", "NjA", "NjE", "NjI", "NjM", "NjQ", "NjU", "NjY", "Njc", "Njg", "Njk", "NzA", "NzE", "NzI", "NzM",
    "NzQ", "NzU", "NzY", "Nzc", "Nzg", "Nzk", "ODA", "ODE", "ODI", "ODM", "ODQ", "ODU", "ODY", "ODc", "ODg", "ODk",
    "OTA", "OTE", "OTI", "OTM", "OTQ", "OTU", "OTY", "OTc", "OTg", "OTk",
];
const SLACK: &str = "Slack API documentation, token types; gitleaks 8.30.1, default rules";

const SHOPIFY: &str = "Shopify changelog, \"App secret key length has increased\"; secretlint's rule of the name";

pub(super) static TOKENS: &[Token] = &[
    Token::new(
        "stripe-access-token",
        "",
        &[&[
            Piece::OneOf(&["sk_test_", "sk_live_", "sk_prod_", "rk_test_", "rk_live_", "rk_prod_"]),
            run(ALNUM, 10, 247),
        ]],
    )
    .entropy(20),
    Token::new("stripe-webhook-secret", "whsec_", &[&[lit("whsec_"), run(BASE64, 32, 64)]])
        .entropy(30)
        .source("Stripe documentation, webhook signatures"),
    Token::new(
        "square-access-token",
        "",
        &[&[lit("sq0atp-"), run(URL64, 22, 60)], &[lit("sq0csp-"), run(URL64, 43, 43)]],
    )
    .entropy(20),
    Token::new("square-access-token", "", &[&[lit("EAAA"), run(URL64, 22, 60)]]).entropy(30).check(Check::ThreeKinds),
    Token::new("shopify-access-token", "shpat_", &[&[lit("shpat_"), run(ALNUM, 32, 64)]])
        .anywhere()
        .entropy(20)
        .source(SHOPIFY),
    Token::new("shopify-custom-access-token", "shpca_", &[&[lit("shpca_"), run(ALNUM, 32, 64)]])
        .anywhere()
        .entropy(20)
        .source(SHOPIFY),
    Token::new("shopify-private-app-access-token", "shppa_", &[&[lit("shppa_"), run(ALNUM, 32, 64)]])
        .anywhere()
        .entropy(20)
        .source(SHOPIFY),
    Token::new("shopify-shared-secret", "shpss_", &[&[lit("shpss_"), run(ALNUM, 32, 64)]])
        .anywhere()
        .entropy(20)
        .source(SHOPIFY),
    Token::new("shippo-api-token", "shippo_", &[&[Piece::OneOf(&["shippo_live_", "shippo_test_"]), run(HEX, 40, 40)]])
        .entropy(20),
    Token::new(
        "flutterwave-secret-key",
        "FLWSECK",
        &[&[Piece::OneOf(&["FLWSECK_TEST-", "FLWSECK-"]), exactly(TO_H, 32), lit("-X")]],
    )
    .anywhere()
    .entropy(20),
    Token::new(
        "flutterwave-public-key",
        "FLWPUBK",
        &[&[Piece::OneOf(&["FLWPUBK_TEST-", "FLWPUBK-"]), exactly(TO_H, 32), lit("-X")]],
    )
    .anywhere()
    .entropy(20),
    Token::new(
        "flutterwave-encryption-key",
        "FLWSECK_TEST",
        &[&[lit("FLWSECK_TEST"), Piece::Maybe("-"), run(TO_H, 12, 12)]],
    )
    .anywhere()
    .entropy(20),
    Token::new("gocardless-live-token", "live_", &[&[lit("live_"), run(URL64, 40, 40)]])
        .entropy(40)
        .check(Check::ThreeKinds),
    Token::new(
        "braintree-access-token",
        "access_token$",
        &[&[
            Piece::OneOf(&["access_token$production$", "access_token$sandbox$"]),
            exactly(LOWER_ALNUM, 16),
            lit("$"),
            run(HEX_LOWER, 32, 32),
        ]],
    )
    .source("Braintree documentation, access tokens"),
    Token::new(
        "plaid-access-token",
        "access-",
        &[&uuid_behind(Piece::OneOf(&["access-sandbox-", "access-development-", "access-production-"]))],
    ),
    Token::new(
        "slack-bot-token",
        "xoxb-",
        &[&[lit("xoxb-"), run(DIGIT, 10, 13), lit("-"), run(DIGIT, 10, 13), run(ALNUM_HYPHEN, 0, 64)]],
    )
    .anywhere()
    .entropy(30)
    .source(SLACK),
    Token::new("slack-legacy-bot-token", "xoxb-", &[&[lit("xoxb-"), run(DIGIT, 8, 14), lit("-"), run(ALNUM, 18, 26)]])
        .anywhere()
        .entropy(20)
        .source(SLACK),
    Token::new(
        "slack-user-token",
        "xox",
        &[
            &[
                Piece::OneOf(&["xoxp-", "xoxe-"]),
                run(DIGIT, 6, 13),
                lit("-"),
                run(DIGIT, 6, 13),
                lit("-"),
                run(DIGIT, 6, 13),
                lit("-"),
                run(ALNUM_HYPHEN, 18, 64),
            ],
            &[
                lit("xoxc-"),
                run(DIGIT, 8, 14),
                lit("-"),
                run(DIGIT, 8, 14),
                lit("-"),
                run(DIGIT, 8, 14),
                lit("-"),
                run(HEX, 32, 64),
            ],
        ],
    )
    .anywhere()
    .entropy(20)
    .source(SLACK),
    Token::new("slack-session-cookie", "xoxd-", &[&[lit("xoxd-"), run(crate::scan::class::URL_PART, 60, 400)]])
        .entropy(35)
        .source(SLACK),
    Token::new(
        "slack-app-token",
        "xapp-",
        &[&[
            Piece::AnyCase("xapp-"),
            run(DIGIT, 1, 10),
            lit("-"),
            run(ALNUM, 1, 64),
            lit("-"),
            run(DIGIT, 1, 32),
            lit("-"),
            run(ALNUM, 1, 128),
        ]],
    )
    .anywhere()
    .entropy(20)
    .source(SLACK),
    Token::new(
        "slack-config-access-token",
        "xoxe.xox",
        &[&[
            Piece::AnyCase("xoxe"),
            exactly(crate::scan::class::DOT_LIKE, 1),
            Piece::OneOf(&["xoxb-", "xoxp-", "XOXB-", "XOXP-", "xoxb-"]),
            exactly(DIGIT, 1),
            lit("-"),
            run(ALNUM, 163, 166),
        ]],
    )
    .anywhere()
    .entropy(20)
    .source(SLACK),
    Token::new(
        "slack-config-refresh-token",
        "xoxe-",
        &[&[Piece::AnyCase("xoxe-"), exactly(DIGIT, 1), lit("-"), run(ALNUM, 146, 146)]],
    )
    .anywhere()
    .entropy(20)
    .source(SLACK),
    Token::new(
        "slack-legacy-token",
        "xox",
        &[&[
            Piece::OneOf(&["xoxo-", "xoxs-", "xoxr-", "xoxa-"]),
            run(DIGIT, 1, 32),
            lit("-"),
            run(DIGIT, 1, 32),
            lit("-"),
            run(DIGIT, 1, 32),
            lit("-"),
            run(HEX, 1, 128),
        ]],
    )
    .anywhere()
    .entropy(20)
    .source(SLACK),
    Token::new(
        "slack-legacy-workspace-token",
        "xox",
        &[
            &[
                Piece::OneOf(&["xoxa-", "xoxr-"]),
                exactly(DIGIT, 1),
                lit("-"),
                run(ALNUM, 8, 48),
                run(ALNUM_HYPHEN, 0, 128),
            ],
            &[Piece::OneOf(&["xoxa-", "xoxr-"]), run(ALNUM, 8, 48), run(ALNUM_HYPHEN, 0, 128)],
        ],
    )
    .anywhere()
    .entropy(20)
    .source(SLACK),
    Token::new(
        "slack-webhook-url",
        "hooks.slack.com/",
        &[&[
            Piece::OneOf(&["hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"]),
            run(BASE64, 43, 160),
        ]],
    )
    .check(Check::Mixed)
    .source(SLACK),
    Token::new(
        "discord-webhook-url",
        "discord.com/api/webhooks/",
        &[&[
            Piece::OneOf(&["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"]),
            run(DIGIT, 17, 20),
            lit("/"),
            run(URL64, 60, 80),
        ]],
    )
    .source("Discord developer documentation, webhooks"),
    Token::new(
        "discord-bot-token",
        "",
        &[&[Piece::OneOf(DISCORD), run(ALNUM, 17, 23), lit("."), exactly(URL64, 6), lit("."), run(URL64, 27, 38)]],
    )
    .entropy(40)
    .source("Discord developer documentation; detect-secrets' detector of the name"),
    Token::new(
        "microsoft-teams-webhook",
        "",
        &[&[
            lit(".webhook.office.com/webhookb2/"),
            exactly(crate::scan::class::ALNUM_HYPHEN, 36),
            lit("@"),
            exactly(crate::scan::class::ALNUM_HYPHEN, 36),
            lit("/IncomingWebhook/"),
            exactly(LOWER_ALNUM, 32),
            lit("/"),
            run(crate::scan::class::ALNUM_HYPHEN, 36, 36),
        ]],
    )
    .anywhere(),
    Token::new("telegram-bot-token", "", &[&[Piece::OneOf(&[":AA"]), run(URL64, 33, 33)]])
        .anywhere()
        .entropy(40)
        .check(Check::ThreeKinds),
    Token::new("twilio-api-key", "SK", &[&[Piece::OneOf(TWILIO), run(HEX, 31, 31)]]).entropy(30).check(Check::Mixed),
    Token::new("sendgrid-api-token", "SG.", &[&[lit("SG."), run(URL64_PAD_DOT, 66, 66)]]).entropy(20),
    Token::new(
        "sendinblue-api-token",
        "xkeysib-",
        &[&[lit("xkeysib-"), exactly(HEX_LOWER, 64), lit("-"), run(ALNUM, 16, 16)]],
    )
    .entropy(20),
    Token::new("mailgun-private-api-token", "key-", &[&[lit("key-"), run(HEX_LOWER, 32, 32)]])
        .entropy(30)
        .check(Check::Mixed),
    Token::new("mailchimp-api-key", "", &[&[exactly(HEX_LOWER, 32), lit("-us"), run(DIGIT, 1, 2)]])
        .entropy(30)
        .check(Check::Mixed),
    Token::new("facebook-page-access-token", "EAA", &[&[Piece::OneOf(&["EAAM", "EAAC"]), run(ALNUM, 100, 1024)]])
        .entropy(40),
    Token::new("mapbox-secret-token", "sk.eyJ", &[&[lit("sk.eyJ"), run(URL64, 40, 200), lit("."), run(URL64, 22, 22)]])
        .source("Mapbox documentation, access tokens"),
    Token::new("okta-ssws-token", "SSWS 00", &[&[Piece::AnyCase("SSWS 00"), run(URL64, 40, 40)]])
        .source("Okta API reference, API tokens"),
    Token::new("yandex-api-key", "AQVN", &[&[lit("AQVN"), run(URL64, 35, 38)]]).entropy(40),
    Token::new(
        "yandex-aws-access-token",
        "YC",
        &[&[lit("YCAJE"), run(URL64, 20, 20)], &[lit("YCM"), run(URL64, 37, 37)]],
    )
    .entropy(40)
    .source("Yandex Cloud documentation, static access keys; gitleaks 8.30.1, default rules"),
    Token::new("contentful-personal-access-token", "CFPAT-", &[&[lit("CFPAT-"), run(URL64, 43, 43)]])
        .source("Contentful documentation, personal access tokens"),
    Token::new("figma-access-token", "fig", &[&[Piece::OneOf(&["figd_", "figp_"]), run(URL64_PAD, 38, 64)]])
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Token::new("posthog-personal-api-key", "phx_", &[&[Piece::OneOf(&["phx_", "phs_"]), run(ALNUM, 40, 64)]])
        .entropy(30)
        .source("PostHog documentation, API keys"),
    Token::new("dropbox-short-lived-api-token", "sl.", &[&[lit("sl."), run(URL64_PAD, 130, 2048)]]).entropy(40),
    Token::new("tencent-cloud-secret-id", "AKIDz", &[&[lit("AKIDz"), run(ALNUM, 31, 31)]])
        .entropy(35)
        .check(Check::ThreeKinds)
        .source("Tencent Cloud documentation, SecretId"),
];
