//! Tokens of hosts of data, mail, shops and builds that are known by a prefix of their own.

use super::token::{BETTERLEAKS, BETTERLEAKS_TRUFFLEHOG, TRUFFLEHOG, Token, VELES, uuid_behind};
use crate::scan::checksum::Check;
use crate::scan::class::{ALNUM, ALNUM_HYPHEN, ANY64_PAD, BASE64, HEX_LOWER, LOWER_ALNUM, NAME, URL64, WORD};
use crate::scan::shape::{Piece, exactly, lit, run};

const fn known(name: &'static str, prefix: &'static str, shapes: &'static [&'static [Piece]]) -> Token {
    Token::new(name, prefix, shapes).entropy(30).source(BETTERLEAKS)
}

pub(super) static TOKENS: &[Token] = &[
    known("1password-recovery-key", "1PRK-", &[&[lit("1PRK-"), run(ALNUM_HYPHEN, 64, 64)]]).source(VELES),
    known("elastic-cloud-api-key", "essu_", &[&[lit("essu_"), run(ANY64_PAD, 60, 200)]]),
    known("salesforce-access-token", "00D", &[&[lit("00D"), run(ALNUM, 8, 15), lit("!"), run(NAME, 60, 260)]])
        .entropy(40),
    known(
        "cloudflare-api-token",
        "cf",
        &[&[Piece::OneOf(&["cfat_", "cfut_", "cfk_"]), exactly(ALNUM, 40), run(HEX_LOWER, 8, 8)]],
    ),
    known(
        "hubspot-private-app-token",
        "pat-",
        &[&uuid_behind(Piece::OneOf(&["pat-eu1-", "pat-eu2-", "pat-na1-", "pat-na2-", "pat-na3-", "pat-ap1-"]))],
    )
    .source(TRUFFLEHOG),
    known("cloudsmith-api-key", "csa_", &[&[lit("csa_"), exactly(HEX_LOWER, 30), run(ALNUM, 6, 6)]]),
    known("cockroachdb-cloud-api-key", "CCDB1_", &[&[lit("CCDB1_"), exactly(ALNUM, 22), lit("_"), run(ALNUM, 40, 40)]]),
    known("datastax-astra-token", "AstraCS:", &[&[lit("AstraCS:"), run(NAME, 20, 128)]]),
    known(
        "docker-swarm-token",
        "SWM",
        &[
            &[lit("SWMTKN-1-"), run(LOWER_ALNUM, 40, 60), lit("-"), run(LOWER_ALNUM, 20, 30)],
            &[lit("SWMKEY-1-"), run(BASE64, 40, 50)],
        ],
    ),
    known("apify-api-token", "apify_api_", &[&[lit("apify_api_"), run(ALNUM, 30, 44)]]).source(BETTERLEAKS_TRUFFLEHOG),
    known("neon-api-key", "napi_", &[&[lit("napi_"), run(ALNUM, 64, 64)]]),
    known("render-api-key", "rnd_", &[&[lit("rnd_"), run(ALNUM, 28, 36)]]).entropy(35).check(Check::ThreeKinds),
    known("resend-api-key", "re_", &[&[lit("re_"), exactly(ALNUM, 8), lit("_"), run(ALNUM, 24, 24)]])
        .entropy(35)
        .check(Check::ThreeKinds),
    known("razorpay-key-id", "rzp_", &[&[Piece::OneOf(&["rzp_live_", "rzp_test_"]), run(ALNUM, 14, 48)]]),
    known("ramp-client-secret", "ramp_sec_", &[&[lit("ramp_sec_"), run(ALNUM, 40, 64)]]).source(BETTERLEAKS_TRUFFLEHOG),
    known("mongodb-atlas-service-account-secret", "mdb_sa_sk_", &[&[lit("mdb_sa_sk_"), run(URL64, 40, 40)]]),
    known("onesignal-api-key", "os_v2_", &[&[Piece::OneOf(&["os_v2_app_", "os_v2_org_"]), run(LOWER_ALNUM, 90, 128)]]),
    known("ionic-access-token", "ion_", &[&[lit("ion_"), run(ALNUM, 42, 42)]]).check(Check::Mixed),
    known("labelbox-api-key", "", &[&[Piece::OneOf(&["lbx_", "rma_"]), run(URL64, 43, 43)]])
        .entropy(35)
        .check(Check::ThreeKinds),
    known("mailersend-api-token", "mlsn.", &[&[lit("mlsn."), run(ALNUM, 30, 100)]]),
    known("mercury-api-token", "mercury_production_", &[&[lit("mercury_production_"), run(WORD, 40, 100)]]),
    known(
        "mergify-application-key",
        "mergify_application_key_",
        &[&[lit("mergify_application_key_"), run(URL64, 40, 200)]],
    ),
    known("pinterest-access-token", "pina_", &[&[lit("pina_"), run(URL64, 40, 200)]]).check(Check::Mixed),
    known(
        "polar-access-token",
        "polar_",
        &[&[Piece::OneOf(&["polar_at_", "polar_oat_", "polar_pat_"]), run(URL64, 20, 100)]],
    )
    .check(Check::Mixed),
    known("paddle-api-key", "pdl_", &[&[Piece::OneOf(&["pdl_live_apikey_", "pdl_sdbx_apikey_"]), run(WORD, 50, 60)]]),
    known("canva-client-secret", "cnvca", &[&[lit("cnvca"), run(URL64, 51, 51)]]),
    known("upcloud-api-token", "ucat_", &[&[lit("ucat_"), run(ALNUM, 24, 32)]]).check(Check::Mixed),
    known("unkey-root-key", "unkey_", &[&[lit("unkey_"), run(ALNUM, 20, 32)]]).check(Check::ThreeKinds),
    known("val-town-api-token", "vtwn_", &[&[lit("vtwn_"), run(URL64, 20, 80)]]).check(Check::Mixed),
    known("wakatime-api-key", "waka_", &[&[lit("waka_"), run(ALNUM_HYPHEN, 36, 64)]]).check(Check::Mixed),
    known("xendit-api-key", "xnd_production_", &[&[lit("xnd_production_"), run(ALNUM, 48, 80)]]),
    known("zuplo-api-key", "zpka_", &[&[lit("zpka_"), exactly(LOWER_ALNUM, 32), lit("_"), run(HEX_LOWER, 8, 8)]]),
    known("samsara-api-token", "samsara_api_", &[&[lit("samsara_api_"), run(ALNUM, 26, 32)]]),
    known("rootly-api-key", "rootly_", &[&[lit("rootly_"), run(HEX_LOWER, 64, 64)]]).source(BETTERLEAKS_TRUFFLEHOG),
    known("nylas-api-key", "nyk_", &[&[lit("nyk_"), run(ALNUM, 60, 72)]]),
    known("aikido-secret", "AIK_", &[&[Piece::OneOf(&["AIK_CI_", "AIK_SECRET_"]), run(ALNUM, 20, 64)]])
        .check(Check::Mixed),
    known("asaas-api-token", "$aact_", &[&[Piece::OneOf(&["$aact_prod_", "$aact_hmlg_"]), run(ANY64_PAD, 20, 200)]]),
    known(
        "onfido-api-token",
        "api_live",
        &[&[Piece::OneOf(&["api_live.", "api_live_ca.", "api_live_us."]), run(URL64, 20, 80)]],
    )
    .check(Check::Mixed),
    known("segment-public-api-token", "sgp_", &[&[lit("sgp_"), run(ALNUM, 64, 64)]]).check(Check::ThreeKinds),
    known("sonarcloud-organization-token", "sqco_", &[&[lit("sqco_"), run(ALNUM, 59, 59)]]).source(TRUFFLEHOG),
    known("alchemy-api-key", "alcht_", &[&[lit("alcht_"), run(ALNUM, 30, 30)]]).source(TRUFFLEHOG),
    known("endor-labs-api-key", "endr+", &[&[lit("endr+"), run(ALNUM_HYPHEN, 16, 16)]]).source(TRUFFLEHOG),
    known("portainer-token", "ptr_", &[&[lit("ptr_"), run(ANY64_PAD, 20, 60)]])
        .entropy(35)
        .check(Check::ThreeKinds)
        .source(TRUFFLEHOG),
    known(
        "zapier-webhook-url",
        "hooks.zapier.com/hooks/catch/",
        &[&[lit("hooks.zapier.com/hooks/catch/"), run(BASE64, 12, 64)]],
    )
    .source(TRUFFLEHOG),
];
