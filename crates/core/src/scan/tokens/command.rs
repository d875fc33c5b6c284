//! Commands that destroy or carry off data: of shells, of SQL, and paths out of a folder.

use super::token::Token;
use crate::scan::class::{BLANKS, SPACE, WORD};
use crate::scan::rule::{Category, Severity};
use crate::scan::shape::{Piece, lit, run};

const OWASP: &str = "OWASP cheat sheets: OS command injection, SQL injection, input validation";

const fn command(name: &'static str, shapes: &'static [&'static [Piece]]) -> Token {
    Token::new(name, "", shapes).of(Category::Command, Severity::Medium).source(OWASP)
}

const BLANK: Piece = run(BLANKS, 1, 8);
const GAP: Piece = run(SPACE, 1, 8);
const ROOTS: Piece = Piece::OneOf(&[
    "--no-preserve-root",
    "/*",
    "/bin",
    "/boot",
    "/etc",
    "/home",
    "/lib",
    "/root",
    "/usr",
    "/var",
    "/",
    "~/",
    "~",
    "$HOME",
    "${HOME}",
    "*",
]);

pub(super) static TOKENS: &[Token] = &[
    command(
        "shell-remove-root",
        &[&[lit("rm -"), Piece::OneOf(&["rf", "fr", "Rf", "fR", "r -f", "f -r"]), BLANK, ROOTS]],
    ),
    command(
        "shell-format-disk",
        &[
            &[
                lit("mkfs"),
                Piece::OneOf(&[".ext4", ".ext3", ".ext2", ".xfs", ".btrfs", ".vfat", ""]),
                BLANK,
                lit("/dev/"),
            ],
            &[lit("dd if="), run(crate::scan::class::URL_PART, 1, 64), BLANK, lit("of=/dev/")],
            &[lit("> /dev/sd")],
            &[lit(">/dev/sd")],
            &[lit("> /dev/nvme")],
        ],
    )
    .anywhere(),
    command(
        "shell-fork-bomb",
        &[
            &[lit(":(){"), run(BLANKS, 0, 4), lit(":|:&"), run(BLANKS, 0, 4), lit("}")],
            &[lit(":() {"), run(BLANKS, 0, 4), lit(":|:&"), run(BLANKS, 0, 4), lit("}")],
        ],
    )
    .anywhere(),
    command(
        "shell-reverse-shell",
        &[
            &[lit("/dev/tcp/"), run(crate::scan::class::NAME, 1, 255), lit("/"), run(crate::scan::class::DIGIT, 1, 5)],
            &[
                Piece::OneOf(&["nc -e", "ncat -e", "nc -c", "netcat -e"]),
                BLANK,
                Piece::OneOf(&["/bin/", "cmd", "sh", "bash"]),
            ],
            &[lit("bash -i >&")],
        ],
    )
    .anywhere(),
    command("shell-permissions-root", &[&[lit("chmod -R 777"), BLANK, ROOTS], &[lit("chmod -R 0777"), BLANK, ROOTS]]),
    command(
        "shell-encoded-command",
        &[
            &[
                Piece::AnyCase("powershell"),
                Piece::Maybe(".exe"),
                BLANK,
                Piece::OneOfAnyCase(&["-enc ", "-encodedcommand ", "-e "]),
                run(crate::scan::class::BASE64, 16, 8192),
            ],
            &[
                Piece::OneOf(&["base64 -d | ", "base64 --decode | ", "base64 -D | ", "base64 -d|"]),
                Piece::OneOf(&["sh", "bash", "sudo"]),
            ],
        ],
    )
    .anywhere(),
    command(
        "shell-password-file",
        &[&[
            Piece::OneOf(&["cat ", "less ", "head ", "tail ", "cp ", "scp "]),
            Piece::OneOf(&["/etc/shadow", "/etc/passwd", "~/.ssh/id_", "~/.aws/credentials"]),
        ]],
    ),
    command(
        "sql-drop",
        &[
            &[
                Piece::AnyCase("drop"),
                GAP,
                Piece::OneOfAnyCase(&["table", "database", "schema"]),
                GAP,
                run(WORD, 1, 64),
            ],
            &[Piece::AnyCase("truncate"), GAP, Piece::AnyCase("table"), GAP, run(WORD, 1, 64)],
        ],
    ),
    command(
        "sql-delete-all",
        &[&[Piece::AnyCase("delete from"), GAP, run(crate::scan::class::NAME, 1, 64), run(BLANKS, 0, 8), lit(";")]],
    )
    .anywhere(),
    command(
        "sql-injection",
        &[
            &[Piece::OneOfAnyCase(&[
                "' or '1'='1",
                "' or 1=1",
                "\" or \"1\"=\"1",
                "\" or 1=1",
                "' or 'a'='a",
                "'; drop table",
                "'; --",
                "admin'--",
                "' or ''='",
            ])],
            &[
                Piece::AnyCase("union"),
                GAP,
                Piece::OneOfAnyCase(&["all select", "select"]),
                GAP,
                Piece::OneOfAnyCase(&["null", "1,", "@@", "password", "user", "table_name", "group_concat"]),
            ],
            &[Piece::OneOfAnyCase(&[
                "xp_cmdshell",
                "into outfile '",
                "load_file('",
                "information_schema.tables",
                "waitfor delay '",
                "pg_sleep(",
            ])],
        ],
    )
    .anywhere(),
];
