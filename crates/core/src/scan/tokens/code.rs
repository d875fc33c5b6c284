//! Tokens of code hosts, package registries and what builds and watches code.

use super::token::{BETTERLEAKS, BETTERLEAKS_TRUFFLEHOG, TRUFFLEHOG, Token, VELES};
use crate::scan::checksum::Check;
use crate::scan::class::{ALNUM, ANY64_PAD, BASE64, BLANKS, DIGIT, HEX, HEX_LOWER, LOWER_ALNUM, NAME, URL64, WORD};
use crate::scan::shape::{Piece, exactly, lit, run};

const GITHUB: &str = "GitHub, \"Behind GitHub's new authentication token formats\"; gitleaks 8.30.1, default rules";
const GITLAB: &str = "GitLab documentation, token prefixes; gitleaks 8.30.1, default rules";
const GITLAB_ROUTABLE: &str = "GitLab handbook, routable tokens (checksum verified on its examples)";

pub(super) static TOKENS: &[Token] = &[
    Token::new("github-pat", "ghp_", &[&[lit("ghp_"), exactly(ALNUM, 36)]])
        .check(Check::Crc32Base62)
        .anywhere()
        .source(GITHUB),
    Token::new("github-oauth", "gho_", &[&[lit("gho_"), exactly(ALNUM, 36)]])
        .check(Check::Crc32Base62)
        .anywhere()
        .source(GITHUB),
    Token::new("github-app-token", "gh", &[&[Piece::OneOf(&["ghu_", "ghs_"]), exactly(ALNUM, 36)]])
        .check(Check::Crc32Base62)
        .anywhere()
        .source(GITHUB),
    // A JWT behind the prefix, which has no checksum of this kind.
    Token::new("github-app-token", "gh", &[&[Piece::OneOf(&["ghu_", "ghs_"]), run(NAME, 80, 1024)]])
        .entropy(40)
        .source(GITHUB),
    Token::new(
        "github-refresh-token",
        "ghr_",
        &[&[lit("ghr_"), exactly(ALNUM, 36)], &[lit("ghr_"), run(ALNUM, 76, 76)]],
    )
    .check(Check::Crc32Base62)
    .anywhere()
    .source(GITHUB),
    Token::new("github-fine-grained-pat", "github_pat_", &[&[lit("github_pat_"), run(WORD, 82, 82)]])
        .anywhere()
        .entropy(30),
    Token::new(
        "gitlab-pat-routable",
        "glpat-",
        &[
            &[lit("glpat-"), run(URL64, 27, 300), lit("."), exactly(LOWER_ALNUM, 2), lit("."), exactly(LOWER_ALNUM, 9)],
            &[lit("glpat-"), run(URL64, 27, 300), lit("."), exactly(LOWER_ALNUM, 9)],
        ],
    )
    .check(Check::Crc32Base36)
    .source(GITLAB_ROUTABLE),
    Token::new(
        "gitlab-pat",
        "glpat-",
        &[
            &[lit("glpat-"), exactly(URL64, 20), Piece::Until(WORD)],
            &[lit("glpat-"), run(URL64, 20, 26), Piece::Until(URL64)],
        ],
    )
    .entropy(30)
    .source(GITLAB),
    Token::new("gitlab-ptt", "glptt-", &[&[lit("glptt-"), run(URL64, 40, 40)]]).entropy(30).source(GITLAB),
    Token::new("gitlab-rrt", "GR1348941", &[&[lit("GR1348941"), run(URL64, 20, 20)]]).entropy(30).source(GITLAB),
    Token::new(
        "gitlab-runner-authentication-token-routable",
        "glrt-t",
        &[
            &[
                lit("glrt-t"),
                exactly(DIGIT, 1),
                lit("_"),
                run(URL64, 27, 300),
                lit("."),
                exactly(LOWER_ALNUM, 2),
                lit("."),
                exactly(LOWER_ALNUM, 9),
            ],
            &[lit("glrt-t"), exactly(DIGIT, 1), lit("_"), run(URL64, 27, 300), lit("."), exactly(LOWER_ALNUM, 9)],
        ],
    )
    .check(Check::Crc32Base36)
    .source(GITLAB_ROUTABLE),
    Token::new(
        "gitlab-runner-authentication-token",
        "glrt-",
        &[
            &[lit("glrt-"), exactly(URL64, 20), Piece::Until(WORD)],
            &[lit("glrt-"), run(URL64, 20, 26), Piece::Until(URL64)],
        ],
    )
    .entropy(30)
    .source(GITLAB),
    Token::new("gitlab-deploy-token", "gldt-", &[&[lit("gldt-"), run(URL64, 20, 26)]]).entropy(30).source(GITLAB),
    Token::new("gitlab-feature-flag-client-token", "glffct-", &[&[lit("glffct-"), run(URL64, 20, 26)]])
        .entropy(30)
        .source(GITLAB),
    Token::new("gitlab-feed-token", "glft-", &[&[lit("glft-"), run(URL64, 20, 100)]]).entropy(30).source(GITLAB),
    Token::new("gitlab-incoming-mail-token", "glimt-", &[&[lit("glimt-"), run(URL64, 25, 25)]])
        .entropy(30)
        .source(GITLAB),
    Token::new("gitlab-kubernetes-agent-token", "glagent-", &[&[lit("glagent-"), run(URL64, 50, 100)]])
        .entropy(30)
        .source(GITLAB),
    Token::new("gitlab-oauth-app-secret", "gloas-", &[&[lit("gloas-"), run(URL64, 64, 64)]]).entropy(30).source(GITLAB),
    Token::new("gitlab-scim-token", "glsoat-", &[&[lit("glsoat-"), run(URL64, 20, 64)]]).entropy(30).source(GITLAB),
    Token::new("gitlab-cicd-job-token", "glcbt-", &[&[lit("glcbt-"), run(ALNUM, 1, 5), lit("_"), run(URL64, 20, 26)]])
        .entropy(30)
        .source(GITLAB),
    Token::new("gitlab-session-cookie", "_gitlab_session=", &[&[lit("_gitlab_session="), run(LOWER_ALNUM, 32, 32)]])
        .anywhere()
        .entropy(30),
    Token::new("npm-access-token", "npm_", &[&[Piece::AnyCase("npm_"), run(ALNUM, 36, 36)]])
        .check(Check::Crc32Base62)
        .source("GitHub, \"Announcing npm's new access token format\"; gitleaks 8.30.1, default rules"),
    Token::new(
        "pypi-upload-token",
        "pypi-AgE",
        &[
            &[Piece::OneOf(&["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"]), run(URL64, 50, 1000)],
            &[lit("pypi-AgE"), run(URL64, 80, 1000)],
        ],
    )
    .anywhere()
    .entropy(30)
    .source("gitleaks 8.30.1, default rules; OSV-SCALIBR 0.5.3, veles/secrets"),
    Token::new("npmrc-auth-token", "_authToken=", &[&[lit("_authToken="), run(BLANKS, 0, 2), run(URL64, 30, 80)]])
        .anywhere()
        .entropy(30)
        .check(Check::Mixed)
        .source("npm documentation, .npmrc; detect-secrets' detector of the name"),
    Token::new("rubygems-api-token", "rubygems_", &[&[lit("rubygems_"), run(HEX_LOWER, 48, 48)]]).entropy(20),
    Token::new("cargo-registry-token", "cio", &[&[lit("cio"), run(ALNUM, 32, 32)]])
        .entropy(35)
        .check(Check::ThreeKinds)
        .source("crates.io source, PlainToken"),
    Token::new("clojars-api-token", "CLOJARS_", &[&[Piece::AnyCase("CLOJARS_"), run(LOWER_ALNUM, 60, 60)]]).entropy(20),
    Token::new("docker-pat", "dckr_", &[&[Piece::OneOf(&["dckr_pat_", "dckr_oat_"]), run(URL64, 27, 32)]])
        .entropy(30)
        .source("Docker documentation, access tokens"),
    Token::new("artifactory-api-key", "AKCp", &[&[lit("AKCp"), run(ALNUM, 69, 69)]]).entropy(45),
    Token::new("artifactory-reference-token", "cmVmd", &[&[lit("cmVmd"), run(ALNUM, 59, 59)]]).entropy(45),
    Token::new("atlassian-cloud-api-token", "ATATT3", &[&[lit("ATATT3"), run(ANY64_PAD, 186, 186)]]).entropy(35),
    Token::new("linear-api-key", "lin_api_", &[&[lit("lin_api_"), run(ALNUM, 40, 40)]]).anywhere().entropy(20),
    Token::new("atlassian-admin-api-key", "ATCTT3", &[&[lit("ATCTT3xFfG"), run(ANY64_PAD, 60, 400)]])
        .entropy(35)
        .source(TRUFFLEHOG),
    Token::new("bitbucket-app-password", "ATBB", &[&[lit("ATBB"), run(ALNUM, 26, 40)]])
        .entropy(35)
        .check(Check::ThreeKinds)
        .source(TRUFFLEHOG),
    Token::new("bitbucket-data-center-token", "BBDC-", &[&[lit("BBDC-"), run(ANY64_PAD, 40, 80)]])
        .entropy(35)
        .source(BETTERLEAKS_TRUFFLEHOG),
    Token::new("notion-api-token", "ntn_", &[&[lit("ntn_"), exactly(DIGIT, 11), run(ALNUM, 35, 35)]]).entropy(40),
    Token::new("notion-integration-token", "secret_", &[&[lit("secret_"), run(ALNUM, 43, 43)]])
        .entropy(40)
        .check(Check::ThreeKinds)
        .source(TRUFFLEHOG),
    Token::new("postman-api-token", "PMAK-", &[&[lit("PMAK-"), exactly(HEX, 24), lit("-"), run(HEX, 34, 34)]])
        .entropy(30),
    Token::new("postman-collection-token", "PMAT-", &[&[lit("PMAT-"), run(ALNUM, 26, 26)]]).entropy(30).source(VELES),
    Token::new(
        "circleci-token",
        "CCIP",
        &[&[Piece::OneOf(&["CCIPAT_", "CCIPRJ_"]), exactly(ALNUM, 22), lit("_"), run(LOWER_ALNUM, 40, 40)]],
    )
    .source("OSV-SCALIBR 0.5.3, veles/secrets; Betterleaks, default rules (in kingfisher-rules 3.0.1)"),
    Token::new("deno-access-token", "dd", &[&[Piece::OneOf(&["ddp_", "ddo_"]), run(ALNUM, 36, 36)]])
        .entropy(30)
        .check(Check::Mixed)
        .source(VELES),
    Token::new(
        "packagist-token",
        "packagist_",
        &[&[
            Piece::OneOf(&[
                "packagist_ack_",
                "packagist_acs_",
                "packagist_cut_",
                "packagist_ort_",
                "packagist_out_",
                "packagist_uut_",
            ]),
            run(HEX_LOWER, 28, 96),
        ]],
    )
    .entropy(30)
    .source(VELES),
    Token::new("pyx-api-key", "sk-pyx-", &[&[lit("sk-pyx-"), run(ALNUM, 45, 64)]]).entropy(30).source(VELES),
    Token::new("readme-api-token", "rdme_", &[&[lit("rdme_"), run(LOWER_ALNUM, 70, 70)]]).entropy(20),
    Token::new("frameio-api-token", "fio-u-", &[&[lit("fio-u-"), run(crate::scan::class::URL64_PAD, 64, 64)]])
        .anywhere(),
    Token::new("sentry-org-token", "sntrys_", &[&[lit("sntrys_eyJpYXQiO"), run(ANY64_PAD, 60, 500)]]).entropy(45),
    Token::new("sentry-user-token", "sntryu_", &[&[lit("sntryu_"), run(HEX_LOWER, 64, 64)]]).entropy(35),
    Token::new(
        "sourcegraph-access-token",
        "sgp_",
        &[
            &[Piece::AnyCase("sgp_"), exactly(HEX, 16), lit("_"), run(HEX, 40, 40)],
            &[lit("sgp_local_"), run(HEX, 40, 40)],
            &[Piece::AnyCase("sgp_"), run(HEX, 40, 40)],
        ],
    )
    .entropy(30),
    Token::new("sonar-user-token", "sq", &[&[Piece::OneOf(&["squ_", "sqp_", "sqa_"]), run(HEX_LOWER, 40, 40)]])
        .source("SonarQube documentation, user tokens"),
    Token::new("new-relic-user-api-key", "NRAK-", &[&[Piece::AnyCase("NRAK-"), run(ALNUM, 27, 27)]]),
    Token::new("new-relic-insert-key", "NRII-", &[&[Piece::AnyCase("NRII-"), run(URL64, 25, 32)]])
        .entropy(30)
        .check(Check::Mixed),
    Token::new("new-relic-query-key", "NRIQ-", &[&[lit("NRIQ-"), run(URL64, 25, 32)]])
        .entropy(30)
        .check(Check::Mixed)
        .source(TRUFFLEHOG),
    Token::new("new-relic-license-key", "", &[&[exactly(LOWER_ALNUM, 32), lit("FFFFNRAL")]]).source(TRUFFLEHOG),
    Token::new("new-relic-browser-api-token", "NRJS-", &[&[Piece::AnyCase("NRJS-"), run(HEX_LOWER, 19, 19)]]),
    Token::new("new-relic-browser-key", "NRBR-", &[&[lit("NRBR-"), run(HEX_LOWER, 19, 19)]]).source(TRUFFLEHOG),
    Token::new("intra42-client-secret", "s-s4t2", &[&[Piece::OneOf(&["s-s4t2ud-", "s-s4t2af-"]), run(HEX, 64, 64)]])
        .entropy(30),
    Token::new(
        "typeform-api-token",
        "tfp_",
        &[&[Piece::AnyCase("tfp_"), run(crate::scan::class::URL64_PAD_DOT, 59, 59)]],
    )
    .entropy(30),
    Token::new("nuget-api-key", "oy2", &[&[lit("oy2"), run(LOWER_ALNUM, 43, 43)]])
        .entropy(35)
        .source("NuGet documentation, API keys"),
    Token::new(
        "buildkite-token",
        "bk",
        &[&[
            Piece::OneOf(&["bkua_", "bkaa_", "bkaj_", "bkar_", "bkct_", "bkpt_", "bkpat_", "bkps_"]),
            run(URL64, 40, 400),
        ]],
    )
    .entropy(30)
    .source(BETTERLEAKS),
    Token::new(
        "airtable-personnal-access-token",
        "pat",
        &[&[lit("pat"), exactly(ALNUM, 14), lit("."), run(HEX_LOWER, 64, 64)]],
    ),
    Token::new("settlemint-application-access-token", "sm_aat_", &[&[lit("sm_aat_"), run(ALNUM, 16, 16)]]).entropy(30),
    Token::new("settlemint-personal-access-token", "sm_pat_", &[&[lit("sm_pat_"), run(ALNUM, 16, 16)]]).entropy(30),
    Token::new("settlemint-service-access-token", "sm_sat_", &[&[lit("sm_sat_"), run(ALNUM, 16, 16)]]).entropy(30),
    Token::new("maxmind-license-key", "", &[&[exactly(ALNUM, 6), lit("_"), exactly(ALNUM, 29), lit("_mmk")]])
        .entropy(40),
    Token::new("adobe-client-secret", "p8e-", &[&[lit("p8e-"), run(ALNUM, 32, 32)]]).entropy(20),
    Token::new("codex-session-token", "sess-", &[&[lit("sess-"), run(ALNUM, 40, 40)]])
        .entropy(35)
        .source("OpenAI API reference, browser sessions"),
    Token::new(
        "duffel-api-token",
        "duffel_",
        &[&[Piece::OneOf(&["duffel_test_", "duffel_live_"]), run(crate::scan::class::URL64_PAD, 43, 43)]],
    )
    .anywhere()
    .entropy(20),
    Token::new("lob-api-key", "", &[&[Piece::OneOf(&["live_pub_", "test_pub_"]), run(HEX_LOWER, 31, 31)]]),
    Token::new(
        "base64-private-key",
        "LS0tLS1CRUdJTi",
        &[&[
            lit("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"),
            run(BASE64, 64, 65536),
            Piece::Maybe("=="),
            Piece::Maybe("="),
        ]],
    )
    .source("base64 of the armour of RFC 7468"),
];
