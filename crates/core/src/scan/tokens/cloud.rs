//! Keys of clouds, hosts and the tools that manage them.

use super::token::{BETTERLEAKS, TRUFFLEHOG, Token, VELES};
use crate::scan::checksum::Check;
use crate::scan::class::{
    ALNUM, ALNUM_HYPHEN, ANY64_PAD, BASE32, BASE64, HEX, HEX_LOWER, LOWER_ALNUM, NAME_TILDE, NAME_TILDE_NO_HYPHEN,
    PERCENT64, UPPER_ALNUM, URL64, URL64_PAD, URL64_PAD_DOT,
};
use crate::scan::shape::{Piece, exactly, lit, run};

/// A dot is too little to be found by: with the first character of each.
const VAULT: &[&str] = &[
    "s.0", "s.1", "s.2", "s.3", "s.4", "s.5", "s.6", "s.7", "s.8", "s.9", "s.a", "s.b", "s.c", "s.d", "s.e", "s.f",
    "s.g", "s.h", "s.i", "s.j", "s.k", "s.l", "s.m", "s.n", "s.o", "s.p", "s.q", "s.r", "s.s", "s.t", "s.u", "s.v",
    "s.w", "s.x", "s.y", "s.z", "s.A", "s.B", "s.C", "s.D", "s.E", "s.F", "s.G", "s.H", "s.I", "s.J", "s.K", "s.L",
    "s.M", "s.N", "s.O", "s.P", "s.Q", "s.R", "s.S", "s.T", "s.U", "s.V", "s.W", "s.X", "s.Y", "s.Z",
];

/// Marks in keys of 64 bytes: storage, Cosmos DB, Batch, machine learning, API management.
const AZURE_64: &[&str] = &["+ASt", "ACDb", "+ABa", "+AMC", "APIM"];
/// Marks in keys of 32 bytes: Relay, Event Hubs, Service Bus, IoT, Redis, Event Grid.
const AZURE_32: &[&str] = &["+ARm", "+AEh", "+ASb", "AIoT", "AzCa", "AZEG"];

pub(super) static TOKENS: &[Token] = &[
    Token::new(
        "aws-access-token",
        "",
        &[
            &[Piece::OneOf(&["AKIA", "ASIA", "ABIA", "ACCA"]), run(BASE32, 16, 16)],
            &[lit("A3T"), exactly(UPPER_ALNUM, 1), run(BASE32, 16, 16)],
        ],
    )
    .entropy(30)
    .check(Check::NotExample),
    Token::new("aws-signature", "X-Amz-Signature=", &[&[Piece::AnyCase("X-Amz-Signature="), run(HEX_LOWER, 64, 64)]])
        .source("AWS Signature Version 4, query string authentication"),
    Token::new(
        "aws-session-token",
        "X-Amz-Security-Token=",
        &[&[Piece::AnyCase("X-Amz-Security-Token="), run(ANY64_PAD, 64, 4096)]],
    )
    .source("AWS Signature Version 4, query string authentication"),
    Token::new("gcp-signature", "X-Goog-Signature=", &[&[Piece::AnyCase("X-Goog-Signature="), run(HEX, 128, 1024)]])
        .source("Cloud Storage documentation, signed URLs"),
    Token::new("azure-storage-key", "AccountKey=", &[&[Piece::AnyCase("AccountKey="), exactly(BASE64, 86), lit("==")]])
        .source("Azure Storage documentation, connection strings"),
    Token::new(
        "azure-shared-access-key",
        "SharedAccessKey=",
        &[&[Piece::AnyCase("SharedAccessKey="), exactly(BASE64, 43), lit("=")]],
    )
    .source("Azure Service Bus documentation, connection strings"),
    Token::new(
        "azure-sas-signature",
        "&sig=",
        &[
            &[lit("&sig="), run(BASE64, 36, 43), Piece::OneOf(&["%3D", "%3d", "="])],
            &[lit("&sig="), run(PERCENT64, 43, 88)],
        ],
    )
    .anywhere()
    .entropy(35)
    .check(Check::ThreeKinds)
    .source("Azure Storage documentation, shared access signatures"),
    Token::new(
        "azure-ad-client-secret",
        "",
        &[&[
            exactly(NAME_TILDE_NO_HYPHEN, 3),
            Piece::OneOf(&["0Q~", "1Q~", "2Q~", "3Q~", "4Q~", "5Q~", "6Q~", "7Q~", "8Q~", "9Q~"]),
            run(NAME_TILDE, 31, 34),
        ]],
    )
    .entropy(30),
    // The mark stands in the middle of each: the last characters are a checksum with a secret of Microsoft's.
    Token::new(
        "azure-identifiable-key",
        "",
        &[
            &[exactly(ALNUM, 52), lit("JQQJ9"), exactly(ALNUM, 27)],
            &[exactly(BASE64, 76), Piece::OneOf(AZURE_64), exactly(BASE64, 6), lit("==")],
            &[exactly(BASE64, 33), Piece::OneOf(AZURE_32), exactly(BASE64, 6), lit("=")],
            &[exactly(ALNUM, 42), lit("AzSe"), exactly(ALNUM, 6)],
            &[exactly(BASE64, 42), lit("+ACR"), exactly(BASE64, 6)],
            &[exactly(URL64, 44), lit("AzFu"), exactly(URL64, 6), lit("==")],
        ],
    )
    .entropy(35)
    .check(Check::ThreeKinds)
    .source("microsoft/security-utilities, PreciselyClassifiedSecurityKeys.json"),
    Token::new(
        "azure-entra-refresh-token",
        "",
        &[&[
            Piece::OneOf(&["0.A", "1.A"]),
            run(URL64, 50, 200),
            Piece::Maybe(".0"),
            Piece::Maybe(".1"),
            lit(".Ag"),
            run(URL64, 250, 4096),
        ]],
    )
    .source(TRUFFLEHOG),
    // User accounts have 24 characters, service accounts 61.
    Token::new(
        "gcp-hmac-key",
        "GOOG",
        &[
            &[lit("GOOG"), exactly(UPPER_ALNUM, 57), Piece::Until(ALNUM)],
            &[lit("GOOG"), exactly(UPPER_ALNUM, 20), Piece::Until(ALNUM)],
        ],
    )
    .entropy(25)
    .check(Check::Mixed)
    .source(VELES),
    Token::new("alibaba-access-key-id", "LTAI", &[&[lit("LTAI"), run(ALNUM, 20, 20)]]).entropy(20),
    Token::new("digitalocean-access-token", "doo_v1_", &[&[lit("doo_v1_"), run(HEX_LOWER, 64, 64)]]).entropy(30),
    Token::new("digitalocean-pat", "dop_v1_", &[&[lit("dop_v1_"), run(HEX_LOWER, 64, 64)]]).entropy(30),
    Token::new("digitalocean-refresh-token", "dor_v1_", &[&[Piece::AnyCase("dor_v1_"), run(HEX, 64, 64)]]),
    Token::new("databricks-api-token", "dapi", &[&[lit("dapi"), run(HEX, 32, 32)]]).entropy(30),
    Token::new("clickhouse-cloud-api-secret-key", "4b1d", &[&[lit("4b1d"), run(ALNUM, 38, 38)]])
        .entropy(30)
        .check(Check::ThreeKinds),
    Token::new(
        "cloudflare-origin-ca-key",
        "v1.0-",
        &[&[lit("v1.0-"), exactly(HEX_LOWER, 24), lit("-"), run(HEX_LOWER, 146, 146)]],
    )
    .entropy(20),
    Token::new(
        "doppler-api-token",
        "dp.",
        &[&[Piece::OneOf(&["dp.pt.", "dp.st.", "dp.sa.", "dp.ct.", "dp.scim.", "dp.audit."]), run(ALNUM, 40, 48)]],
    )
    .entropy(20)
    .source("gitleaks 8.30.1, default rules; Doppler documentation, token formats"),
    Token::new(
        "dynatrace-api-token",
        "dt0c01.",
        &[&[lit("dt0c01."), exactly(ALNUM, 24), lit("."), run(ALNUM, 64, 64)]],
    ),
    Token::new(
        "flyio-access-token",
        "",
        &[
            &[lit("fo1_"), run(URL64, 43, 43)],
            &[Piece::OneOf(&["fm1a_", "fm1r_", "fm2_"]), run(BASE64, 100, 4096), Piece::Maybe("=="), Piece::Maybe("=")],
        ],
    )
    .entropy(40),
    Token::new(
        "grafana-api-key",
        "eyJrIjoi",
        &[&[lit("eyJrIjoi"), run(ALNUM, 70, 400), Piece::Maybe("=="), Piece::Maybe("=")]],
    )
    .entropy(30),
    Token::new(
        "grafana-cloud-api-token",
        "glc_",
        &[&[lit("glc_"), run(BASE64, 32, 400), Piece::Maybe("=="), Piece::Maybe("=")]],
    )
    .entropy(30)
    .check(Check::NotWord),
    Token::new(
        "grafana-service-account-token",
        "glsa_",
        &[&[Piece::AnyCase("glsa_"), exactly(ALNUM, 32), lit("_"), run(HEX, 8, 8)]],
    )
    .entropy(30),
    Token::new("hashicorp-tf-api-token", "", &[&[exactly(ALNUM, 14), lit(".atlasv1."), run(URL64_PAD, 60, 70)]])
        .entropy(35),
    Token::new("vault-batch-token", "hvb.", &[&[lit("hvb."), run(URL64, 138, 300)]]).entropy(40),
    Token::new("vault-service-token", "hvs.", &[&[lit("hvs."), run(URL64, 24, 300)]])
        .entropy(35)
        .check(Check::ThreeKinds),
    Token::new("vault-legacy-service-token", "s.", &[&[Piece::OneOf(VAULT), run(ALNUM, 23, 23)]])
        .entropy(35)
        .check(Check::ThreeKinds),
    Token::new("heroku-api-key-v2", "HRKU-AA", &[&[lit("HRKU-AA"), run(URL64, 58, 58)]]).entropy(40),
    Token::new("infracost-api-token", "ico-", &[&[lit("ico-"), run(ALNUM, 32, 32)]]).entropy(30),
    Token::new("openshift-user-token", "sha256~", &[&[lit("sha256~"), run(URL64, 43, 43)]]).entropy(35),
    Token::new("planetscale-api-token", "pscale_tkn_", &[&[lit("pscale_tkn_"), run(URL64_PAD_DOT, 32, 64)]])
        .entropy(30),
    Token::new("planetscale-oauth-token", "pscale_oauth_", &[&[lit("pscale_oauth_"), run(URL64_PAD_DOT, 32, 64)]])
        .entropy(30),
    Token::new("planetscale-password", "pscale_pw_", &[&[Piece::AnyCase("pscale_pw_"), run(URL64_PAD_DOT, 32, 64)]])
        .entropy(30),
    Token::new("prefect-api-token", "pnu_", &[&[lit("pnu_"), run(ALNUM, 36, 36)]]).entropy(20),
    Token::new("pulumi-api-token", "pul-", &[&[lit("pul-"), run(HEX_LOWER, 40, 40)]]).entropy(20),
    Token::new("scalingo-api-token", "tk-us-", &[&[lit("tk-us-"), run(URL64, 48, 48)]]).entropy(20),
    Token::new("octopus-deploy-api-key", "API-", &[&[lit("API-"), run(UPPER_ALNUM, 26, 26)]])
        .entropy(30)
        .check(Check::Mixed),
    Token::new(
        "1password-secret-key",
        "A3-",
        &[
            &[
                lit("A3-"),
                exactly(UPPER_ALNUM, 6),
                lit("-"),
                exactly(UPPER_ALNUM, 11),
                lit("-"),
                exactly(UPPER_ALNUM, 5),
                lit("-"),
                exactly(UPPER_ALNUM, 5),
                lit("-"),
                run(UPPER_ALNUM, 5, 5),
            ],
            &[
                lit("A3-"),
                exactly(UPPER_ALNUM, 6),
                lit("-"),
                exactly(UPPER_ALNUM, 6),
                lit("-"),
                exactly(UPPER_ALNUM, 5),
                lit("-"),
                exactly(UPPER_ALNUM, 5),
                lit("-"),
                exactly(UPPER_ALNUM, 5),
                lit("-"),
                run(UPPER_ALNUM, 5, 5),
            ],
        ],
    )
    .entropy(38),
    Token::new(
        "1password-service-account-token",
        "ops_eyJ",
        &[&[lit("ops_eyJ"), run(BASE64, 250, 4096), Piece::Maybe("=="), Piece::Maybe("=")]],
    )
    .entropy(40),
    Token::new("age-secret-key", "AGE-SECRET-KEY-1", &[&[Piece::AnyCase("AGE-SECRET-KEY-1"), run(ALNUM, 58, 58)]])
        .anywhere()
        .check(Check::Bech32),
    Token::new("easypost-api-token", "EZAK", &[&[lit("EZAK"), run(ALNUM, 54, 54)]]).entropy(20),
    Token::new("easypost-test-api-token", "EZTK", &[&[lit("EZTK"), run(ALNUM, 54, 54)]]).entropy(20),
    Token::new(
        "defined-networking-api-token",
        "dnkey-",
        &[&[Piece::AnyCase("dnkey-"), exactly(URL64_PAD, 26), lit("-"), run(URL64_PAD, 52, 52)]],
    ),
    Token::new(
        "harness-api-key",
        "",
        &[&[
            Piece::OneOf(&["pat.", "sat."]),
            exactly(URL64, 22),
            lit("."),
            exactly(ALNUM, 24),
            lit("."),
            run(ALNUM, 20, 20),
        ]],
    ),
    Token::new("confluent-cloud-secret", "cflt", &[&[lit("cflt"), run(BASE64, 60, 60)]])
        .entropy(40)
        .source("Confluent Cloud documentation, API keys"),
    Token::new(
        "tailscale-api-key",
        "tskey-",
        &[&[
            Piece::OneOf(&["tskey-auth-", "tskey-api-", "tskey-client-", "tskey-scim-", "tskey-webhook-"]),
            run(ALNUM, 8, 32),
            lit("-"),
            run(ALNUM, 20, 64),
        ]],
    )
    .source("Tailscale documentation, key prefixes"),
    Token::new(
        "supabase-access-token",
        "sb",
        &[&[lit("sbp_"), run(HEX_LOWER, 40, 40)], &[lit("sb_secret_"), run(URL64, 22, 40)]],
    )
    .entropy(30)
    .source(VELES),
    Token::new("vercel-token", "vc", &[&[Piece::OneOf(&["vcp_", "vci_", "vca_", "vcr_", "vck_"]), run(URL64, 56, 56)]])
        .entropy(30)
        .source(BETTERLEAKS),
    Token::new(
        "authress-service-client-access-key",
        "",
        &[&[
            Piece::OneOf(&["sc_", "ext_", "scauth_", "authress_"]),
            run(LOWER_ALNUM, 5, 30),
            lit("."),
            run(ALNUM, 4, 6),
            lit("."),
            Piece::OneOf(&["acc_", "acc-"]),
            run(ALNUM_HYPHEN, 10, 32),
            lit("."),
            run(ANY64_PAD, 30, 120),
        ]],
    )
    .entropy(20),
];
