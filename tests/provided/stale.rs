//! The header line that lists what the image provides, after a rewrite makes the file install some of it itself.

use crate::support::Place;

const BASE: [&str; 5] = ["flatbuffers==25.1", "numpy==1.26.4", "packaging==24.0", "protobuf==5.29.0", "sympy==1.13.3"];
const REWRITE: &str = "rewrite --cuda 12.6 --python 3.11 --also onnxruntime";

/// What stands in the place of the lines that tell what the image has.
fn provided(text: &str) -> Vec<&str> {
    let header = text.trim_start_matches('\u{feff}').lines().take_while(|line| line.starts_with('#'));
    header.filter(|line| line.contains("Provided") || line.contains("For uv")).collect()
}

#[test]
fn what_a_rewritten_file_installs_itself_is_not_said_to_be_the_images() {
    let pins = [&BASE[..], &["onnxruntime==1.22.0", "coloredlogs==15.0.1"]].concat();
    let cudnn = ["nvidia-cudnn-cu12==9.5.1.17", "torch==2.7.1", "torchvision==0.22.1"];
    for (out, left) in [(&cudnn[..], Some("torch 2.7.1, torchvision 0.22.1")), (&cudnn[..1], None)] {
        for (mark, line_end) in [("", "\n"), ("\u{feff}", "\r\n")] {
            let place = Place::new();
            let lines = [&pins[..], out].concat();
            let hash = format!(" --hash=sha256:{}{line_end}", "0".repeat(64));
            place
                .write("in.txt", mark.to_owned() + &lines.iter().map(|pin| format!("{pin}{hash}")).collect::<String>());
            place.write("image.txt", out.iter().map(|pin| format!("{pin}\n")).collect::<String>());
            place.run("export --cuda 12.6 --python 3.11 --provided image.txt -o out.txt --allow-none in.txt").ok();
            let before = place.read("out.txt");
            assert!(
                provided(&before)[0].starts_with("# Provided by the image: nvidia-cudnn-cu12 9.5.1.17"),
                "{before}"
            );
            place.run(&format!("{REWRITE} out.txt")).ok();
            let after = place.read("out.txt");
            assert!(after.contains("nvidia-cudnn-cu12=="), "{after}");
            let expected: Vec<String> = match left {
                Some(left) => vec![format!("# Provided by the image: {left}"), provided(&before)[1].to_owned()],
                None => Vec::new(),
            };
            assert_eq!(provided(&after), expected, "{after}");
            assert!(
                after.starts_with(&format!("{mark}# Made by torchswap from in.txt{line_end}# Target: ")),
                "{after}"
            );
            assert_eq!(after.matches(line_end).count(), after.matches('\n').count());
        }
    }
}

#[test]
fn so_it_is_with_a_pylock_and_with_the_lines_of_each_target() {
    let zeros = "0".repeat(60);
    let packages = BASE.iter().chain(&["onnxruntime==1.26.0"]).map(|pin| {
        let (name, version) = pin.split_once("==").unwrap();
        let file = format!("{name}-{version}-py3-none-any.whl");
        let url = format!("https://files.example/packages/00/00/{zeros}/{file}");
        let hashes = format!("hashes = {{ sha256 = \"{}\" }}", "0".repeat(64));
        format!("[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\nwheels = [{{ name = \"{file}\", url = \"{url}\", {hashes} }}]\n\n")
    });
    let packages: String = packages.collect();
    let header =
        |provided: &str| format!("# Made by torchswap from poetry.lock\n{provided}# Command: torchswap export\n");
    let two = "# Provided by the image of a: nvidia-cudnn-cu12 9.5.1.17\n# For uv, which wants a line for each package: name \
               these in a file of their own, --excludes FILE\n# Provided by the image of b: nvidia-cudnn-cu12, torch 2.7.1\n";
    let place = Place::new();
    let body = format!(
        "lock-version = \"1.0\"\ncreated-by = \"torchswap\"\n\n{packages}# Provided by the image: nvidia-cudnn-cu12\n"
    );
    place.write("pylock.toml", header(two) + &body);
    place.run(&format!("{REWRITE} pylock.toml")).ok();
    let after = place.read("pylock.toml");
    assert!(after.starts_with(&header("# Provided by the image of b: torch 2.7.1\n")), "{after}");
    // What is no header is nobody's business.
    assert!(after.contains("# Provided by the image: nvidia-cudnn-cu12\n"), "{after}");
}

/// The image's torch loads the libraries.
#[test]
fn nothing_has_to_be_called_beside_the_torch_of_an_image() {
    for (pin, image, is_told) in
        [("torch==2.7.1", "torch==2.7.1+cu126\n", false), ("idna==3.10", "packaging==24.0\n", true)]
    {
        let pins = [&BASE[..], &["onnxruntime==1.22.0", "coloredlogs==15.0.1", pin]].concat();
        let place = Place::new();
        let hash = format!(" --hash=sha256:{}\n", "0".repeat(64));
        place.write("in.txt", pins.iter().map(|pin| format!("{pin}{hash}")).collect::<String>());
        place.write("image.txt", image);
        let run =
            place.run("export --cuda 12.6 --python 3.11 --also onnxruntime --provided image.txt -o out.txt in.txt");
        assert_eq!(run.stderr.contains("preload_dlls"), is_told, "{}", run.stderr);
        run.ok();
    }
}
