//! The picture in the README: a run as a terminal shows it, made from real output.

use std::fmt::Write as _;

use crate::support::{Place, root};

/// How wide a letter is and how high a line, in a monospaced font of 14.
const WIDTH: f32 = 8.43;
const HEIGHT: usize = 21;

const COMMANDS: [&str; 2] = [
    "export --cuda 11.8 --python 3.10 -o requirements.txt poetry.lock",
    "rewrite --cuda 11.8 --python 3.10 --diff poetry.lock",
];

/// The fill of a colour, or the weight of a font, as the codes of a terminal say it.
fn style(codes: &str) -> String {
    let each = codes.split(';').map(|code| match code {
        "0" => String::new(),
        "1" => " font-weight=\"bold\"".to_owned(),
        "2" => " fill=\"#8b949e\"".to_owned(),
        "31" => " fill=\"#ff7b72\"".to_owned(),
        "32" => " fill=\"#7ee787\"".to_owned(),
        "33" => " fill=\"#f2cc60\"".to_owned(),
        "36" => " fill=\"#79c0ff\"".to_owned(),
        other => panic!("the picture has no colour for {other}"),
    });
    each.collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A line with the codes of a terminal as one of the picture.
fn spans(line: &str) -> String {
    let mut text = String::new();
    for (index, part) in line.split("\u{1b}[").enumerate() {
        let (codes, rest) = if index == 0 { ("0", part) } else { part.split_once('m').unwrap() };
        if !rest.is_empty() {
            let _ = write!(text, "<tspan{}>{}</tspan>", style(codes), escaped(rest));
        }
    }
    text
}

fn plain(line: &str) -> String {
    line.split("\u{1b}[")
        .enumerate()
        .map(|(index, part)| if index == 0 { part } else { part.split_once('m').unwrap().1 })
        .collect()
}

fn picture(lines: &[String]) -> String {
    let widest = lines.iter().map(|line| plain(line).chars().count()).max().unwrap();
    let (width, height) = ((widest as f32).mul_add(WIDTH, 40.0).ceil(), lines.len() * HEIGHT + 32);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"torchswap swaps torch in a lock\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#e6edf3\" xml:space=\"preserve\">\n"
    );
    for (at, line) in lines.iter().enumerate() {
        let _ = writeln!(text, "<text x=\"20\" y=\"{}\">{}</text>", 31 + at * HEIGHT, spans(line));
    }
    text + "</g>\n</svg>\n"
}

#[test]
fn the_picture_shows_real_output() {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(root().join("examples/torch-2.1-cuda-11.8").join(name)).unwrap());
    }
    let mut lines = Vec::new();
    for command in COMMANDS {
        let run = place.run(&format!("{command} --color always"));
        assert_eq!(run.status, 0, "{}", run.stderr);
        lines.push(format!("\u{1b}[2m$\u{1b}[0m torchswap {command}"));
        if command.contains("--diff") {
            // The first change of the entry of torch itself; a diff has no colours of its own.
            let of_torch = run.stdout.lines().skip_while(|line| *line != " name = \"torch\"").take(6);
            let coloured = |line: &str| match line.as_bytes().first() {
                Some(b'-') => format!("\u{1b}[31m{line}\u{1b}[0m"),
                Some(b'+') => format!("\u{1b}[32m{line}\u{1b}[0m"),
                _ => line.to_owned(),
            };
            lines.extend(of_torch.map(|line| coloured(&line.chars().take(100).collect::<String>())));
        } else {
            lines.extend(run.stderr.lines().map(str::to_owned));
            lines.push(String::new());
        }
    }
    let (file, picture) = (root().join("docs/swap.svg"), picture(&lines));
    if std::env::var_os("TORCHSWAP_UPDATE").is_some() {
        std::fs::write(&file, &picture).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), picture, "TORCHSWAP_UPDATE=1 draws it anew");
    assert!(std::fs::read_to_string(root().join("README.md")).unwrap().contains("](docs/swap.svg)"));
}
