//! Draws terminal output as an SVG, for the README:
//! `CLICOLOR_FORCE=1 sidetone demo | cargo run -p sidetone-cli --example picture > docs/demo.svg`, and
//! `CLICOLOR_FORCE=1 sidetone replay --content redacted --format pretty conformance/findings | cargo run -p sidetone-cli --example picture
//! -- "sidetone replay --content redacted" > docs/findings.svg`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::fmt::Write as _;
use std::io::Read as _;

const CHAR: f64 = 8.4;
const LINE: f64 = 20.0;
const MARGIN: f64 = 18.0;
const BAR: f64 = 34.0;

const PLAIN: &str = "#d6deeb";

/// A stretch of text in one style.
struct Run<'a> {
    column: usize,
    codes: &'a str,
    text: &'a str,
}

fn main() -> std::io::Result<()> {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let command = std::env::args().nth(1).unwrap_or_else(|| "sidetone demo".to_owned());
    println!("{}", svg(&command, input.trim_end()));
    Ok(())
}

fn svg(command: &str, input: &str) -> String {
    let lines: Vec<Vec<Run<'_>>> = input.lines().map(runs).collect();
    let columns = lines.iter().flatten().map(|run| run.column + run.text.chars().count()).max().unwrap_or(0);
    let width = columns as f64 * CHAR + 2.0 * MARGIN;
    let height = lines.len() as f64 * LINE + BAR + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{command} in a terminal</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"9\" fill=\"#0f1726\"/>\n"
    );
    for (place, colour) in ["#ff5f57", "#febc2e", "#28c840"].iter().enumerate() {
        let x = MARGIN + place as f64 * 20.0 + 4.0;
        let _ = writeln!(out, "<circle cx=\"{x:.0}\" cy=\"{:.0}\" r=\"6\" fill=\"{colour}\"/>", MARGIN + 2.0);
    }
    let font = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
    let _ = writeln!(out, "<g font-family=\"{font}\" font-size=\"14\" xml:space=\"preserve\">");
    for (number, line) in lines.iter().enumerate() {
        let y = BAR + MARGIN + (number as f64 + 0.75) * LINE;
        for run in line.iter().filter(|run| !run.text.trim().is_empty()) {
            let lead = run.text.chars().take_while(|char| *char == ' ').count();
            let text = run.text.trim();
            let x = MARGIN + (run.column + lead) as f64 * CHAR;
            // A given length keeps columns in line whatever font there is.
            let length = text.chars().count() as f64 * CHAR;
            let (fill, weight) = ink(run.codes);
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
                 fill=\"{fill}\"{weight}>{text}</text>"
            );
        }
    }
    out + "</g>\n</svg>"
}

/// The line's stretches, by the escape sequence before each.
fn runs(line: &str) -> Vec<Run<'_>> {
    let (mut runs, mut column) = (Vec::new(), 0);
    for (index, part) in line.split("\x1b[").enumerate() {
        let (codes, text) = if index == 0 { ("", part) } else { part.split_once('m').unwrap_or(("", part)) };
        // Cells of a table stay apart, so that each keeps its place.
        for (offset, cell) in cells(text) {
            runs.push(Run { column: column + offset, codes, text: cell });
        }
        column += text.chars().count();
    }
    runs
}

/// Words that are two or more spaces apart, with their columns.
fn cells(text: &str) -> Vec<(usize, &str)> {
    let (mut cells, mut column, mut rest) = (Vec::new(), 0, text);
    while let Some(gap) = rest.find("  ") {
        cells.push((column, &rest[..gap]));
        let end = gap + rest[gap..].len() - rest[gap..].trim_start_matches(' ').len();
        column += rest[..end].chars().count();
        rest = &rest[end..];
    }
    cells.push((column, rest));
    cells
}

fn ink(codes: &str) -> (&'static str, &'static str) {
    match codes {
        "1" => ("#ffffff", " font-weight=\"bold\""),
        "2" => ("#7487a3", ""),
        "31" => ("#ff6b6b", ""),
        "32" => ("#6fdc8c", ""),
        "33" => ("#f5c451", ""),
        "36" => ("#63d1f4", ""),
        _ => (PLAIN, ""),
    }
}
