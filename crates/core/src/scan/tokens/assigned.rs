//! Formats that tell only beside their vendor's name: `vendor_token = "…"`.

use super::token::{Assigned, BETTERLEAKS, BETTERLEAKS_TRUFFLEHOG, TRUFFLEHOG, UUID, VELES};
use crate::scan::checksum::Check;
use crate::scan::class::{
    ALNUM, ALNUM_HYPHEN, ANY64, ANY64_PAD, BASE64, DIGIT, GENERIC, HEX, HEX_LOWER, LOWER_ALNUM, PERCENT64, TO_H, URL64,
    URL64_PAD, WORD,
};
use crate::scan::shape::{Piece, exactly, lit, run};

/// A UUID, a colon and a secret.
const FAL: [Piece; 11] = {
    let [a, b, c, d, e, f, g, h, i] = UUID;
    [a, b, c, d, e, f, g, h, i, lit(":"), run(HEX_LOWER, 32, 32)]
};

pub(super) static ASSIGNED: &[Assigned] = &[
    Assigned::new("adafruit-api-key", &["adafruit"], &[run(URL64, 32, 32)], URL64),
    Assigned::new("adobe-client-id", &["adobe"], &[run(HEX, 32, 32)], WORD).entropy(20),
    Assigned::new("airtable-api-key", &["airtable"], &[run(ALNUM, 17, 17)], WORD),
    Assigned::new("algolia-api-key", &["algolia"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new("alibaba-secret-key", &["alibaba"], &[run(ALNUM, 30, 30)], WORD).entropy(20),
    Assigned::new("asana-client-id", &["asana"], &[run(DIGIT, 16, 16)], WORD),
    Assigned::new("asana-client-secret", &["asana"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new(
        "atlassian-api-token",
        &["atlassian", "confluence", "jira"],
        &[exactly(ALNUM, 20), run(HEX, 4, 4)],
        WORD,
    )
    .entropy(35),
    Assigned::new("beamer-api-token", &["beamer"], &[lit("b_"), run(URL64_PAD, 44, 44)], URL64),
    Assigned::new("bitbucket-client-id", &["bitbucket"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new("bitbucket-client-secret", &["bitbucket"], &[run(URL64_PAD, 64, 64)], URL64),
    Assigned::new("bittrex-access-key", &["bittrex"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new("cisco-meraki-api-key", &["meraki"], &[run(HEX_LOWER, 40, 40)], WORD).entropy(30),
    Assigned::new("cloudflare-api-key", &["cloudflare"], &[run(URL64, 40, 40)], URL64).entropy(20),
    Assigned::new("cloudflare-global-api-key", &["cloudflare"], &[run(HEX, 37, 37)], WORD).entropy(20),
    Assigned::new("codecov-access-token", &["codecov"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new("cohere-api-token", &["cohere", "co_api_key"], &[run(ALNUM, 40, 40)], WORD).entropy(40),
    Assigned::new("mistral-api-key", &["mistral"], &[run(ALNUM, 32, 32)], WORD)
        .entropy(35)
        .source("OSV-SCALIBR 0.5.3, veles/secrets; Betterleaks, default rules (in kingfisher-rules 3.0.1)"),
    Assigned::new("together-api-key", &["together"], &[run(HEX_LOWER, 64, 64)], WORD)
        .entropy(30)
        .source("Together AI documentation, API keys of the first form"),
    Assigned::new("deepseek-api-key", &["deepseek"], &[lit("sk-"), run(LOWER_ALNUM, 32, 32)], WORD)
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Assigned::new("kimi-api-key", &["kimi", "moonshot"], &[lit("sk-"), run(URL64, 48, 48)], URL64)
        .entropy(30)
        .source(BETTERLEAKS),
    Assigned::new(
        "zai-api-key",
        &["z_ai", "z.ai", "zai", "zhipu", "glm"],
        &[exactly(HEX_LOWER, 32), lit("."), run(ALNUM, 16, 16)],
        WORD,
    )
    .entropy(30)
    .source(BETTERLEAKS),
    Assigned::new("ollama-api-key", &["ollama"], &[exactly(HEX_LOWER, 32), lit("."), run(URL64, 24, 24)], URL64)
        .entropy(30)
        .source(BETTERLEAKS),
    Assigned::new("mem0-api-key", &["mem0"], &[lit("m0-"), run(ALNUM, 24, 44)], WORD).entropy(30).source(BETTERLEAKS),
    Assigned::new("voyage-api-key", &["voyage"], &[Piece::OneOf(&["pa-", "al-"]), run(URL64, 43, 43)], URL64)
        .entropy(30)
        .source(BETTERLEAKS),
    Assigned::new("deepgram-api-key", &["deepgram"], &[run(LOWER_ALNUM, 40, 40)], WORD)
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Assigned::new("assemblyai-api-key", &["assemblyai", "assembly_ai"], &[run(LOWER_ALNUM, 32, 32)], WORD)
        .entropy(30)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Assigned::new("wandb-api-key", &["wandb", "weightsandbiases"], &[run(HEX_LOWER, 40, 40)], WORD)
        .entropy(30)
        .source(BETTERLEAKS),
    Assigned::new(
        "fal-api-key",
        &["fal_key", "fal-key", "fal_api", "fal-api", "fal_ai", "fal-ai", "falai"],
        &FAL,
        WORD,
    )
    .entropy(30)
    .source(BETTERLEAKS),
    Assigned::new(
        "azure-storage-key",
        &["account_key", "accountkey", "account-key", "azure_key", "storage_key", "storagekey", "storage-key"],
        &[exactly(BASE64, 86), lit("==")],
        ANY64_PAD,
    )
    .entropy(40)
    .source("OSV-SCALIBR 0.5.3, veles/secrets; Betterleaks, default rules (in kingfisher-rules 3.0.1)"),
    Assigned::new("twilio-auth-token", &["twilio"], &[run(HEX_LOWER, 32, 32)], WORD).entropy(30).source(TRUFFLEHOG),
    Assigned::new("recaptcha-secret-key", &["captcha"], &[lit("6L"), run(URL64, 38, 38)], URL64)
        .entropy(35)
        .source(VELES),
    Assigned::new("coinbase-access-token", &["coinbase"], &[run(URL64, 64, 64)], URL64),
    Assigned::new("confluent-access-token", &["confluent"], &[run(ALNUM, 16, 16)], WORD),
    Assigned::new("confluent-secret-key", &["confluent"], &[run(ALNUM, 64, 64)], WORD),
    Assigned::new("contentful-delivery-api-token", &["contentful"], &[run(URL64_PAD, 43, 43)], URL64),
    Assigned::new("datadog-access-token", &["datadog"], &[run(ALNUM, 40, 40)], WORD),
    Assigned::new("datadog-api-key", &["datadog", "dd_api_key"], &[run(HEX_LOWER, 32, 32)], WORD)
        .entropy(30)
        .source("Datadog documentation, API and application keys"),
    Assigned::new("discord-api-token", &["discord"], &[run(HEX, 64, 64)], WORD),
    Assigned::new("discord-client-id", &["discord"], &[run(DIGIT, 18, 18)], WORD).entropy(20),
    Assigned::new("discord-client-secret", &["discord"], &[run(URL64_PAD, 32, 32)], URL64).entropy(20),
    Assigned::new("droneci-access-token", &["droneci"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new("dropbox-api-token", &["dropbox"], &[run(ALNUM, 15, 15)], WORD),
    Assigned::new(
        "dropbox-long-lived-api-token",
        &["dropbox"],
        &[exactly(ALNUM, 11), lit("AAAAAAAAAA"), run(URL64_PAD, 43, 43)],
        URL64,
    ),
    Assigned::new("etsy-access-token", &["etsy"], &[run(ALNUM, 24, 24)], WORD).entropy(30),
    Assigned::new("facebook-secret", &["facebook"], &[run(HEX, 32, 32)], WORD).entropy(30),
    Assigned::new("fastly-api-token", &["fastly"], &[run(URL64_PAD, 32, 32)], URL64),
    Assigned::new("finicity-api-token", &["finicity"], &[run(HEX, 32, 32)], WORD),
    Assigned::new("finicity-client-secret", &["finicity"], &[run(ALNUM, 20, 20)], WORD),
    Assigned::new("finnhub-access-token", &["finnhub"], &[run(ALNUM, 20, 20)], WORD),
    Assigned::new("flickr-access-token", &["flickr"], &[run(ALNUM, 32, 32)], WORD),
    Assigned::new("freshbooks-access-token", &["freshbooks"], &[run(ALNUM, 64, 64)], WORD),
    Assigned::new("gitter-access-token", &["gitter"], &[run(URL64, 40, 40)], URL64),
    Assigned::new("gocardless-api-token", &["gocardless"], &[Piece::AnyCase("live_"), run(URL64_PAD, 40, 40)], URL64),
    Assigned::new("heroku-api-key", &["heroku"], &UUID, ALNUM_HYPHEN),
    Assigned::new("hubspot-api-key", &["hubspot"], &UUID, ALNUM_HYPHEN),
    Assigned::new("intercom-api-key", &["intercom"], &[run(URL64_PAD, 60, 60)], URL64),
    Assigned::new("jfrog-api-key", &["jfrog", "artifactory", "bintray", "xray"], &[run(ALNUM, 73, 73)], WORD),
    Assigned::new("jfrog-identity-token", &["jfrog", "artifactory", "bintray", "xray"], &[run(ALNUM, 64, 64)], WORD),
    Assigned::new("kraken-access-token", &["kraken"], &[run(ANY64_PAD, 80, 90)], ANY64),
    Assigned::new("kucoin-access-token", &["kucoin"], &[run(HEX, 24, 24)], WORD),
    Assigned::new("kucoin-secret-key", &["kucoin"], &UUID, ALNUM_HYPHEN),
    Assigned::new("launchdarkly-access-token", &["launchdarkly"], &[run(URL64_PAD, 40, 40)], URL64),
    Assigned::new("linear-client-secret", &["linear"], &[run(HEX, 32, 32)], WORD).entropy(20),
    Assigned::new("linkedin-client-id", &["linkedin", "linked_in", "linked-in"], &[run(ALNUM, 14, 14)], WORD)
        .entropy(20),
    Assigned::new("linkedin-client-secret", &["linkedin", "linked_in", "linked-in"], &[run(ALNUM, 16, 16)], WORD)
        .entropy(20),
    Assigned::new("lob-api-key", &["lob"], &[Piece::OneOf(&["live_", "test_"]), run(HEX_LOWER, 35, 35)], WORD),
    Assigned::new(
        "lob-pub-api-key",
        &["lob"],
        &[Piece::OneOf(&["live_pub_", "test_pub_"]), run(HEX_LOWER, 31, 31)],
        WORD,
    ),
    Assigned::new("looker-client-id", &["looker"], &[run(ALNUM, 20, 20)], WORD),
    Assigned::new("looker-client-secret", &["looker"], &[run(ALNUM, 24, 24)], WORD),
    Assigned::new("mailchimp-api-key", &["mailchimp"], &[exactly(HEX, 32), lit("-us"), run(DIGIT, 2, 2)], WORD),
    Assigned::new("mailgun-pub-key", &["mailgun"], &[lit("pubkey-"), run(HEX, 32, 32)], WORD),
    Assigned::new(
        "mailgun-signing-key",
        &["mailgun"],
        &[exactly(TO_H, 32), lit("-"), exactly(TO_H, 8), lit("-"), run(TO_H, 8, 8)],
        WORD,
    ),
    Assigned::new(
        "mapbox-api-token",
        &["mapbox"],
        &[Piece::AnyCase("pk."), exactly(ALNUM, 60), lit("."), run(ALNUM, 22, 22)],
        WORD,
    ),
    Assigned::new("mattermost-access-token", &["mattermost"], &[run(ALNUM, 26, 26)], WORD),
    Assigned::new(
        "messagebird-api-token",
        &["messagebird", "message-bird", "message_bird"],
        &[run(ALNUM, 25, 25)],
        WORD,
    ),
    Assigned::new("messagebird-client-id", &["messagebird", "message-bird", "message_bird"], &UUID, ALNUM_HYPHEN),
    Assigned::new("netlify-access-token", &["netlify"], &[run(URL64_PAD, 40, 46)], URL64),
    Assigned::new("new-relic-user-api-id", &["new-relic", "newrelic", "new_relic"], &[run(ALNUM, 64, 64)], WORD),
    Assigned::new(
        "nytimes-access-token",
        &["nytimes", "new-york-times", "newyorktimes"],
        &[run(URL64_PAD, 32, 32)],
        URL64,
    ),
    Assigned::new("okta-access-token", &["okta"], &[lit("00"), run(URL64_PAD, 40, 40)], URL64).entropy(40),
    Assigned::new("plaid-client-id", &["plaid"], &[run(ALNUM, 24, 24)], WORD).entropy(35),
    Assigned::new("plaid-secret-key", &["plaid"], &[run(ALNUM, 30, 30)], WORD).entropy(35),
    Assigned::new("privateai-api-token", &["privateai", "private_ai", "private-ai"], &[run(LOWER_ALNUM, 32, 32)], WORD)
        .entropy(30),
    Assigned::new("rapidapi-access-token", &["rapidapi"], &[run(URL64, 50, 50)], URL64),
    Assigned::new("sendbird-access-id", &["sendbird"], &UUID, ALNUM_HYPHEN),
    Assigned::new("sendbird-access-token", &["sendbird"], &[run(HEX, 40, 40)], WORD),
    Assigned::new("sentry-access-token", &["sentry"], &[run(HEX, 64, 64)], WORD).entropy(30),
    Assigned::new(
        "sidekiq-secret",
        &["BUNDLE_ENTERPRISE__CONTRIBSYS__COM", "BUNDLE_GEMS__CONTRIBSYS__COM"],
        &[exactly(HEX, 8), lit(":"), run(HEX, 8, 8)],
        WORD,
    ),
    Assigned::new("snyk-api-token", &["snyk"], &UUID, ALNUM_HYPHEN),
    Assigned::new(
        "sonar-api-token",
        &["sonar"],
        &[Piece::Maybe("squ_"), Piece::Maybe("sqp_"), Piece::Maybe("sqa_"), run(URL64_PAD, 40, 40)],
        URL64,
    ),
    Assigned::new("sourcegraph-access-token", &["sourcegraph"], &[run(HEX, 40, 40)], WORD).entropy(30),
    Assigned::new("squarespace-access-token", &["squarespace"], &UUID, ALNUM_HYPHEN),
    Assigned::new("sumologic-access-id", &["sumo"], &[lit("su"), run(ALNUM, 12, 12)], WORD).entropy(30),
    Assigned::new("sumologic-access-token", &["sumo"], &[run(ALNUM, 64, 64)], WORD).entropy(30),
    Assigned::new("telegram-bot-api-token", &["telegr"], &[run(DIGIT, 5, 16), lit(":A"), run(URL64, 34, 34)], URL64),
    Assigned::new("travisci-access-token", &["travis"], &[run(ALNUM, 22, 22)], WORD),
    Assigned::new("twitch-api-token", &["twitch"], &[run(ALNUM, 30, 30)], WORD),
    Assigned::new("twitter-access-secret", &["twitter"], &[run(ALNUM, 45, 45)], WORD),
    Assigned::new("twitter-access-token", &["twitter"], &[run(DIGIT, 15, 25), lit("-"), run(ALNUM, 20, 40)], WORD),
    Assigned::new("twitter-api-key", &["twitter"], &[run(ALNUM, 25, 25)], WORD),
    Assigned::new("twitter-api-secret", &["twitter"], &[run(ALNUM, 50, 50)], WORD),
    Assigned::new(
        "twitter-bearer-token",
        &["twitter"],
        &[lit("AAAAAAAAAAAAAAAAAAAAAA"), run(PERCENT64, 80, 100)],
        WORD,
    ),
    Assigned::new(
        "yandex-access-token",
        &["yandex"],
        &[lit("t1."), run(URL64_PAD, 1, 256), lit("."), run(URL64_PAD, 86, 88)],
        URL64,
    ),
    Assigned::new("yandex-aws-access-token", &["yandex"], &[lit("YC"), run(URL64, 38, 38)], URL64),
    Assigned::new("zendesk-secret-key", &["zendesk"], &[run(ALNUM, 40, 40)], WORD),
    Assigned::new(
        "aws-secret-access-key",
        &["aws_secret", "aws_sec", "secretaccesskey", "secret_access_key", "aws_key", "secret_key"],
        &[run(BASE64, 40, 40)],
        ANY64,
    )
    .entropy(43)
    .check(Check::ThreeKinds)
    .source("AWS IAM documentation, access keys; detect-secrets' detector of the name"),
    Assigned::new(
        "azure-openai-key",
        &[
            "azure_openai",
            "azure-openai",
            "azureopenai",
            "ocp-apim-subscription-key",
            "subscription_key",
            "subscriptionkey",
        ],
        &[run(ALNUM, 32, 84)],
        WORD,
    )
    .entropy(30)
    .source("Azure OpenAI documentation, keys"),
    // The last: every other rule says more.
    Assigned::new(
        "generic-api-key",
        &[
            "api_key",
            "api-key",
            "apikey",
            "access_key",
            "access-key",
            "accesskey",
            "auth_key",
            "secret",
            "token",
            "password",
            "passwd",
            "credential",
            "private_key",
            "client_secret",
            "encryption_key",
            "signing_key",
        ],
        &[run(GENERIC, 16, 2048)],
        GENERIC,
    )
    .entropy(35)
    .check(Check::Random),
];
