//! Wheels from pages of links, releases on GitHub and folders: their file names say which torch they need.

use crate::support::server::Server;
use crate::support::wheel::Wheel;
use crate::support::{Place, Run, root};

/// What torch 2.7.1 needs on Linux and macOS beside its GPU libraries, which the catalogue knows.
const BASE: &str = "filelock==3.18.0\nfsspec==2025.5.1\njinja2==3.1.6\nmarkupsafe==3.0.2\nmpmath==1.3.0\nnetworkx==3.5\n\
                    sympy==1.14.0\ntyping-extensions==4.14.0\n";

/// A server with wheels, and a project.
struct Site {
    server: Server,
    place: Place,
}

impl Site {
    fn new() -> Self {
        Self { server: Server::new(), place: Place::new() }
    }

    fn wheel(&self, folder: &str, file: &str, requires: &[&str]) -> Wheel {
        let wheel = Wheel { ballast: 10_000, ..Wheel::new(file).requires(requires) };
        self.server.file(&format!("{folder}/{}", file.replace('+', "%2B")), "application/octet-stream", wheel.bytes());
        wheel
    }

    /// A release as GitHub's API tells it; of files that are named with a `?` it has no digest.
    fn release(&self, folder: &str, files: &[&str], requires: &[&str]) -> String {
        let assets: Vec<String> = files
            .iter()
            .map(|file| {
                let plain = file.trim_end_matches('?');
                let wheel = self.wheel(folder, plain, requires);
                let url = self.server.url(&format!("{folder}/{}", plain.replace('+', "%2B")));
                let digest = if plain == *file { format!("\"sha256:{}\"", wheel.sha256()) } else { "null".to_owned() };
                let size = wheel.bytes().len();
                format!(
                    "{{\"name\": \"{plain}\", \"state\": \"uploaded\", \"size\": {size}, \"digest\": {digest}, \
                     \"browser_download_url\": \"{url}\"}}"
                )
            })
            .collect();
        let path = format!("{folder}.json");
        let json = format!("{{\"tag_name\": \"v1\", \"assets\": [{}]}}", assets.join(", "));
        self.server.file(&path, "application/json; charset=utf-8", json);
        self.server.url(&path)
    }

    /// A page of links without digests, as data.pyg.org has it.
    fn page(&self, path: &str, links: &[(&str, &str)]) -> String {
        let mut html = String::from("<!DOCTYPE html><html><body>");
        for (folder, file) in links {
            self.wheel(&format!("/whl/{}", folder.replace('+', "%2B")), file, &[]);
            let (folder, name) = (folder.replace('+', "%2B"), file.replace('+', "%2B"));
            html.push_str(&format!("<a href=\"/whl/{folder}/{name}\">{file}</a><br>\n"));
        }
        self.server.page(path, &html);
        self.server.url(path)
    }

    fn learn(&self, arguments: &str) -> Run {
        self.place.run(&format!("catalog update {arguments}"))
    }

    fn lock(&self, lines: &str) {
        self.place.write("requirements.txt", format!("{lines}{BASE}"));
    }

    fn export(&self, arguments: &str) -> Run {
        self.place.run(&format!("export --without-hashes --catalog torchswap-catalog.tsv {arguments}"))
    }

    fn rows(&self) -> Vec<String> {
        let text = self.place.read("torchswap-catalog.tsv").replace(&self.server.base, "");
        text.lines().filter(|line| line.starts_with("wheel\t")).map(str::to_owned).collect()
    }
}

fn flash(torch: &str, cuda: &str, abi: &str) -> String {
    format!("flash_attn-2.8.3+{cuda}torch{torch}cxx11abi{abi}-cp311-cp311-linux_x86_64.whl")
}

const FLASH: &str = "flash-attn==2.8.3 --python 3.11";

/// A project with torch 2.7.1 and flash-attn, and of flash-attn's release these files.
fn with_flash(files: &[String]) -> Site {
    let site = Site::new();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let release = site.release("/Dao-AILab/flash-attention/releases/download/v2.8.3", &files, &["torch", "einops"]);
    site.learn(&format!("{FLASH} --find-links {release}")).ok();
    site.lock("einops==0.8.1\nflash-attn==2.8.3\ntorch==2.7.1\n");
    site
}

#[test]
fn of_a_release_the_wheel_that_loads_with_torch_is_taken() {
    let mut files: Vec<String> = Vec::new();
    for torch in ["2.4", "2.5", "2.6", "2.7", "2.8"] {
        files.extend(["TRUE", "FALSE"].map(|abi| flash(torch, "cu12", abi)));
    }
    let site = with_flash(&files);
    let rows = site.rows();
    assert_eq!(rows.len(), 10);
    let row = rows.iter().find(|row| row.contains("torch2.7cxx11abiTRUE")).unwrap();
    let wheel = Wheel { ballast: 10_000, ..Wheel::new(&flash("2.7", "cu12", "TRUE")).requires(&["torch", "einops"]) };
    assert!(row.contains(&format!("\t{}\t{}\t0\t", wheel.sha256(), wheel.bytes().len())), "{row}");
    assert!(row.contains("\tcu12\t") && row.ends_with("\tindex,torch=2.7,abi=true"), "{row}");
    // cu12 serves every minor version of CUDA 12.
    for cuda in ["12.6", "12.8"] {
        let output = site.export(&format!("--cuda {cuda} --python 3.11")).ok();
        let line = output.lines().find(|line| line.starts_with("flash-attn")).unwrap();
        assert!(line.ends_with("/flash_attn-2.8.3%2Bcu12torch2.7cxx11abiTRUE-cp311-cp311-linux_x86_64.whl"), "{line}");
    }
    // Torch 2.6 has the other interface in all of its builds but that for CUDA 12.6.
    for (cuda, abi) in [("12.4", "FALSE"), ("12.6", "TRUE")] {
        site.lock("einops==0.8.1\nflash-attn==2.8.3\ntorch==2.6.0\n");
        let base = site.place.read("requirements.txt").replace("sympy==1.14.0", "sympy==1.13.1");
        site.place.write("requirements.txt", base);
        let output = site.export(&format!("--cuda {cuda} --python 3.11")).ok();
        assert!(output.contains(&format!("torch2.6cxx11abi{abi}-cp311")), "{cuda}: {output}");
    }
}

#[test]
fn a_swapped_lock_keeps_the_wheel_that_loads_and_no_other() {
    let site = with_flash(&[flash("2.7", "cu12", "TRUE"), flash("2.8", "cu12", "TRUE")]);
    site.place.write("out.txt", site.export("--cuda 12.6 --python 3.11").ok());
    let again =
        site.place.run("export -v --without-hashes --catalog torchswap-catalog.tsv --cuda 12.6 --python 3.11 out.txt");
    assert!(
        again.stderr.contains("kept  flash-attn 2.8.3+cu12torch2.7cxx11abitrue: already a cu126 build"),
        "{}",
        again.stderr
    );
    let other = site.place.read("out.txt").replace("torch2.7cxx11", "torch2.8cxx11");
    site.place.write("out.txt", other);
    let run =
        site.place.run("export -v --without-hashes --catalog torchswap-catalog.tsv --cuda 12.6 --python 3.11 out.txt");
    assert!(run.stderr.contains("swapped  flash-attn 2.8.3+cu12torch2.8"), "{}", run.stderr);
    assert!(run.ok().contains("torch2.7cxx11abiTRUE"));
}

#[test]
fn a_wheel_for_another_torch_is_refused_and_the_one_that_fits_is_named() {
    let site = with_flash(&[flash("2.8", "cu12", "TRUE")]);
    let message = site.export("--cuda 12.6 --python 3.11").refused();
    for text in [
        "loads with torch 2.7.1+cu126",
        &format!("{} is made for torch 2.8", flash("2.8", "cu12", "TRUE")),
        &format!("the file that fits is called {};", flash("2.7", "cu12", "TRUE")),
        "torchswap catalog update flash-attn==2.8.3 --cuda 12.6 --find-links ",
    ] {
        assert!(message.contains(text), "{text}: {message}");
    }
}

#[test]
fn a_wheel_with_the_other_interface_is_refused_and_the_one_that_fits_is_named() {
    let site = with_flash(&[flash("2.7", "cu12", "FALSE")]);
    let message = site.export("--cuda 12.6 --python 3.11").refused();
    for text in [
        "has cxx11abiFALSE, and this torch has cxx11abiTRUE".to_owned(),
        format!("the file that fits is called {};", flash("2.7", "cu12", "TRUE")),
    ] {
        assert!(message.contains(&text), "{text}: {message}");
    }
}

#[test]
fn a_wheel_for_another_cuda_is_refused_and_the_one_that_fits_is_named() {
    let site = with_flash(&[flash("2.7", "cu12", "TRUE")]);
    let message = site.export("--cuda 11.8 --python 3.11").refused();
    for text in [
        "the catalogue knows no flash-attn 2.8.3+cu118".to_owned(),
        "it knows flash-attn 2.8.3 there as cu12;".to_owned(),
        format!("the file that fits is called {};", flash("2.7", "cu11", "TRUE")),
    ] {
        assert!(message.contains(&text), "{text}: {message}");
    }
}

#[test]
fn the_page_of_the_release_on_github_is_named_where_the_row_lies_there() {
    let site = with_flash(&[flash("2.8", "cu12", "TRUE")]);
    let text = site.place.read("torchswap-catalog.tsv").replace(&site.server.base, "https://github.com");
    site.place.write("torchswap-catalog.tsv", text);
    let message = site.export("--cuda 12.6 --python 3.11").refused();
    assert!(
        message.contains("--find-links https://github.com/Dao-AILab/flash-attention/releases/tag/v2.8.3"),
        "{message}"
    );
}

#[test]
fn a_row_written_by_hand_is_held_against_torch_by_its_label() {
    let site = with_flash(&[flash("2.8", "cu12", "TRUE")]);
    let text = site.place.read("torchswap-catalog.tsv");
    site.place.write("torchswap-catalog.tsv", text.replace(",torch=2.8,abi=true", "").replace("\tcu12\t", "\tcu126\t"));
    assert!(site.export("--cuda 12.6 --python 3.11").refused().contains("is made for torch 2.8"));
    site.place.write("torchswap-catalog.tsv", text.replace("torch=2.8", "torch=2"));
    let message = site.export("--cuda 12.6 --python 3.11").refused();
    assert!(message.contains("`torch=2` is not a flag; the flags are torch=2.8 and abi=true"), "{message}");
}

/// macOS and Linux with CUDA 11.8 from one lock: a page for each.
#[test]
fn pages_of_pyg_serve_a_mac_and_a_gpu() {
    let site = Site::new();
    let gpu = site.page(
        "/whl/torch-2.1.0+cu118.html",
        &[
            ("torch-2.1.0+cu118", "torch_scatter-2.1.2+pt21cu118-cp310-cp310-linux_x86_64.whl"),
            ("torch-2.1.0+cu118", "torch_scatter-2.1.2+pt21cu118-cp311-cp311-linux_x86_64.whl"),
            ("torch-2.1.0+cu118", "torch_scatter-2.1.1+pt21cu118-cp311-cp311-linux_x86_64.whl"),
        ],
    );
    let cpu = site.page(
        "/whl/torch-2.1.0+cpu.html",
        &[
            ("torch-2.1.0+cpu", "torch_scatter-2.1.2+pt21cpu-cp311-cp311-linux_x86_64.whl"),
            ("torch-2.1.0+cpu", "torch_scatter-2.1.2-cp311-cp311-macosx_10_9_universal2.whl"),
        ],
    );
    let learn = format!("torch-scatter==2.1.2 --find-links {gpu} --find-links {cpu}");
    let message = site.learn(&learn).refused();
    assert!(message.contains("--hash-missing"), "{message}");
    assert!(!site.place.exists("torchswap-catalog.tsv"));
    site.learn(&format!("{learn} --hash-missing")).ok();
    let flags = |row: &String| row.rsplit('\t').next().unwrap().to_owned();
    assert_eq!(site.rows().iter().map(flags).collect::<Vec<_>>(), ["computed,torch=2.1"; 4]);
    site.lock("torch==2.1.2\ntorch-scatter==2.1.2\n");
    let line = |output: String| output.lines().find(|line| line.starts_with("torch-scatter")).unwrap().to_owned();
    let mac = line(site.export("--platform macos-arm64 --cpu --python 3.11").ok());
    assert!(
        mac.ends_with("/whl/torch-2.1.0%2Bcpu/torch_scatter-2.1.2-cp311-cp311-macosx_10_9_universal2.whl"),
        "{mac}"
    );
    let linux = line(site.export("--cuda 11.8 --python 3.11").ok());
    assert!(
        linux.ends_with("/whl/torch-2.1.0%2Bcu118/torch_scatter-2.1.2%2Bpt21cu118-cp311-cp311-linux_x86_64.whl"),
        "{linux}"
    );
    // The same page serves no torch of another minor release.
    site.lock("torch==2.2.2\ntorch-scatter==2.1.2\n");
    let message = site.export("--cuda 11.8 --python 3.11").refused();
    let fits = "the file that fits is called torch_scatter-2.1.2+pt22cu118-cp311-cp311-linux_x86_64.whl;";
    assert!(message.contains("is made for torch 2.1") && message.contains(fits), "{message}");
}

/// Its file names tell no build: the release's does.
#[test]
fn a_folder_names_the_build_of_llama_cpp() {
    let site = Site::new();
    let file = "llama_cpp_python-0.3.4-cp311-cp311-linux_x86_64.whl?";
    let release = site.release("/releases/download/v0.3.4-cu124", &[file], &["typing-extensions>=4.5.0"]);
    site.learn(&format!("llama-cpp-python==0.3.4 --find-links {release} --hash-missing")).ok();
    let rows = site.rows();
    assert!(rows.len() == 1 && rows[0].contains("\tcu124\t") && rows[0].ends_with("\tcomputed"), "{rows:?}");
    site.lock("llama-cpp-python==0.3.4\ntorch==2.5.1\n");
    let base = site.place.read("requirements.txt").replace("sympy==1.14.0", "sympy==1.13.1");
    site.place.write("requirements.txt", base);
    let output = site.export("--cuda 12.4 --python 3.11").ok();
    assert!(output.contains("/v0.3.4-cu124/llama_cpp_python-0.3.4-cp311-cp311-linux_x86_64.whl"), "{output}");
    let message = site.export("--cuda 12.1 --python 3.11").refused();
    assert!(
        message.contains("no llama-cpp-python 0.3.4+cu121")
            && message.contains("it knows llama-cpp-python 0.3.4 there as cu124;"),
        "{message}"
    );
    // Nothing ties it to a torch, so nothing tells what the file would be called, and it may well be on an index.
    assert!(message.contains("update llama-cpp-python==0.3.4 --cuda 12.1 --index URL\n"), "{message}");
}

#[test]
fn what_its_name_does_not_tell_is_taken_where_the_wheel_pins_torch() {
    let site = Site::new();
    let file = "vllm-0.9.2+cu126-cp38-abi3-manylinux1_x86_64.whl";
    let pinned = site.release("/download/v0.9.2", &[file], &["torch==2.7.0"]);
    let run = site.learn(&format!("vllm==0.9.2 --find-links {pinned}"));
    assert!(
        run.stderr.contains("learned  vllm 0.9.2+cu126: 1 wheel, digest known from the index only (now in "),
        "{}",
        run.stderr
    );
    let loose = site.release("/download/loose", &[file], &["torch>=2.7"]);
    let message = site.learn(&format!("vllm==0.9.2 --find-links {loose} -o other.tsv")).refused();
    assert!(message.contains("does not say which torch it was made for"), "{message}");
}

#[test]
fn a_name_that_several_files_have_is_refused() {
    let site = Site::new();
    let file = "mmcv-2.1.0-cp310-cp310-manylinux1_x86_64.whl";
    site.wheel("/dist/cu121/torch2.1.0", file, &[]);
    site.server.page("/index.html", &format!("<a href=\"/dist/cu121/torch2.1.0/{file}\">{file}</a>"));
    let url = site.server.url("/index.html");
    let message = site.learn(&format!("mmcv==2.1.0 --cuda 12.1 --hash-missing --find-links {url}")).refused();
    assert!(message.contains("is one of several files of this name"), "{message}");
    assert_eq!(site.server.count(&format!("/dist/cu121/torch2.1.0/{file}")), 0);
}

#[test]
fn the_bytes_of_a_folder_are_hashed() {
    let site = Site::new();
    let files = [flash("2.7", "cu12", "TRUE"), flash("2.8", "cu12", "TRUE")];
    for file in &files {
        site.place.write(&format!("wheels/{file}"), Wheel::new(file).requires(&["torch", "einops"]).bytes());
    }
    site.lock("einops==0.8.1\nflash-attn==2.8.3\ntorch==2.7.1\n");
    site.learn(&format!("{FLASH} --find-links wheels")).ok();
    let digest = Wheel::new(&files[0]).requires(&["torch", "einops"]).sha256();
    assert!(
        site.rows().iter().any(|row| row.contains(&format!("\t{digest}\t")) && row.contains("\tcomputed,torch=2.7,"))
    );
    let output = site.export("--cuda 12.6 --python 3.11").ok();
    let line = output.lines().find(|line| line.starts_with("flash-attn")).unwrap();
    assert!(
        line.starts_with("flash-attn @ file:///") && line.ends_with("2.7cxx11abiTRUE-cp311-cp311-linux_x86_64.whl"),
        "{line}"
    );
    // Where it is served, its wheels have an address that others reach.
    site.learn(&format!("{FLASH} --find-links wheels --index https://wheels.example/flash/ -o served.tsv")).ok();
    let served = site.place.read("served.tsv");
    assert_eq!(served.matches("\thttps://wheels.example/flash\tflash_attn-2.8.3+cu12torch2").count(), 2, "{served}");
    // What is no wheel is not taken for one.
    site.place.write(&format!("odd/{}", files[0]), "no wheel");
    let message = site.learn(&format!("{FLASH} --find-links odd -o odd.tsv")).refused();
    assert!(message.contains("is not taken") && !site.place.exists("odd.tsv"), "{message}");
}

/// What was saved with a browser or curl, on a machine that reaches the pages.
#[test]
fn a_page_that_was_saved_serves_as_the_page_itself() {
    let site = Site::new();
    site.lock("einops==0.8.1\nflash-attn==2.8.3\ntorch==2.7.1\n");
    let file = flash("2.7", "cu12", "TRUE");
    site.release("/releases/download/v2.8.3", &[&file], &["torch", "einops"]);
    site.place.write("release.json", site.server.served("/releases/download/v2.8.3.json"));
    site.learn(&format!("{FLASH} --find-links release.json")).ok();
    assert_eq!(site.server.count("/releases/download/v2.8.3.json"), 0, "the page was asked for");
    assert!(site.export("--cuda 12.6 --python 3.11").ok().contains("torch2.7cxx11abiTRUE-cp311"));
    // A page of links; these lead on from where it lay.
    let links = [("torch-2.1.0+cu118", "torch_scatter-2.1.2+pt21cu118-cp311-cp311-linux_x86_64.whl")];
    let url = site.page("/whl/torch-2.1.0+cu118.html", &links);
    site.place.write("pyg.html", site.server.served("/whl/torch-2.1.0+cu118.html"));
    let learn = "torch-scatter==2.1.2 --hash-missing -o pyg.tsv --find-links";
    let message = site.learn(&format!("{learn} pyg.html")).refused();
    assert!(
        message.contains("pyg.html does not say where torch_scatter-2.1.2") && message.contains("--index URL"),
        "{message}"
    );
    site.learn(&format!("{learn} pyg.html --index {url}")).ok();
    let row = site.place.read("pyg.tsv");
    let folder = site.server.url("/whl/torch-2.1.0%2Bcu118");
    assert!(row.contains(&format!("\t{folder}\ttorch_scatter-2.1.2+pt21cu118-cp311")), "{row}");
    // Its links may have hosts of their own, and it may say where it lay.
    let relative = site.place.read("pyg.html");
    site.place.write("absolute.html", relative.replace("href=\"", &format!("href=\"{}", site.server.base)));
    site.place.write("base.html", relative.replace("<body>", &format!("<base href=\"{url}\"><body>")));
    for file in ["absolute.html", "base.html"] {
        std::fs::remove_file(site.place.path().join("pyg.tsv")).unwrap();
        site.learn(&format!("{learn} {file}")).ok();
        assert_eq!(site.place.read("pyg.tsv"), row, "{file}");
    }
    site.place.write("odd.json", "{\"message\": \"Not Found\"}");
    let message = site.learn(&format!("{FLASH} --find-links odd.json -o odd.tsv")).refused();
    assert!(message.contains("odd.json is not read: it is not a GitHub release"), "{message}");
    site.place.write("odd.html", "<p>no links</p>");
    let message = site.learn(&format!("{FLASH} --find-links odd.html -o odd.tsv")).refused();
    assert!(message.contains("odd.html has no wheel of flash-attn 2.8.3 that can be used"), "{message}");
}

#[test]
fn a_build_for_the_cpu_is_refused_with_the_file_that_would_fit() {
    let site = Site::new();
    let file = "torch_scatter-2.1.2+pt21cu118-cp311-cp311-linux_x86_64.whl";
    let page = site.page("/whl/torch-2.1.0+cu118.html", &[("torch-2.1.0+cu118", file)]);
    site.learn(&format!("torch-scatter==2.1.2 --hash-missing --find-links {page}")).ok();
    site.lock("torch==2.1.2\ntorch-scatter==2.1.2\n");
    let message = site.export("--cpu --python 3.11").refused();
    let fits = "the file that fits is called torch_scatter-2.1.2+pt21cpu-cp311-cp311-linux_x86_64.whl;";
    assert!(message.contains(fits), "{message}");
    // Nothing is said of a Mac's, whose names are others.
    let mac = site.export("--platform macos-arm64 --cpu --python 3.11");
    assert!(!mac.stderr.contains("linux_x86_64.whl"), "{}", mac.stderr);
}

/// Flash-attn is for GPUs alone, so no page has a build for the CPU of it, and for another system another page may.
#[test]
fn a_build_that_a_package_of_the_project_does_not_have_at_all_is_not_to_be_learned() {
    let site = with_flash(&[flash("2.6", "cu12", "FALSE")]);
    site.lock("torch==2.6.0\nflash-attn==2.8.3\n");
    for (target, help) in [
        ("--cpu", "choose such a build, or leave flash-attn out for this target: --no-emit-package flash-attn"),
        ("--cpu --platform linux-aarch64", "choose such a build, or leave flash-attn out"),
        ("--cpu --platform windows-x86_64", "choose such a build, or leave flash-attn out"),
        ("--platform macos-arm64", "help: leave flash-attn out for this target: --no-emit-package flash-attn"),
    ] {
        let message = site.export(&format!("{target} --python 3.11")).refused();
        assert!(message.contains("flash-attn has no CPU build at all; it has CUDA and ROCm"), "{target}: {message}");
        assert!(message.contains(help) && !message.contains("catalog update"), "{target}: {message}");
    }
    let message = site.export("--cuda 12.6 --platform windows-x86_64 --python 3.11").refused();
    assert!(message.contains("learn it with: torchswap catalog update flash-attn==2.8.3 --cuda 12.6"), "{message}");
}

#[test]
fn a_release_without_a_file_that_fits_says_so() {
    let site = Site::new();
    let release = site.release("/v2.8.3", &[&flash("2.7", "cu12", "TRUE")], &["torch"]);
    let message = site.learn(&format!("flash-attn==2.8.2 --find-links {release}")).refused();
    assert!(message.contains("/v2.8.3.json has no wheel of flash-attn 2.8.2 that can be used"), "{message}");
    site.server.file("/not.json", "application/json", "{\"message\": \"Not Found\"}");
    let url = site.server.url("/not.json");
    assert!(site.learn(&format!("{FLASH} --find-links {url}")).refused().contains("it has no list of assets"));
    let message = site.learn(&format!("{FLASH} --find-links nowhere")).refused();
    assert!(message.contains("cannot read nowhere"), "{message}");
}

/// Poetry downloads what has an address, and knows none of a file.
#[test]
fn a_wheel_of_this_machine_has_no_place_in_a_poetry_lock() {
    let place = Place::new();
    for name in ["poetry.lock", "pyproject.toml"] {
        place.write(name, std::fs::read(root().join("examples/torch-2.1-cuda-11.8").join(name)).unwrap());
    }
    let lock = place.read("poetry.lock");
    let version = lock.split("name = \"markupsafe\"\nversion = \"").nth(1).unwrap().split('"').next().unwrap();
    let row = |index: &str| {
        let file = format!("markupsafe-{version}-cp310-cp310-linux_x86_64.whl");
        let key = format!("markupsafe\t{version}");
        format!(
            "wheel\t{key}\tcu118\t{index}\t{file}\t{}\t-\t0\t-\tcomputed\nrequires\t{key}\t{index}\t*\twheel\t-\n",
            "ab".repeat(32)
        )
    };
    let rewrite = "rewrite --cuda 11.8 --python 3.10 --catalog team.tsv -o new.lock";
    place.write("team.tsv", row("file:///wheels"));
    let message = place.run(rewrite).refused();
    assert!(message.contains("the wheel of markupsafe is in a folder of this machine"), "{message}");
    place.write("team.tsv", row("https://wheels.example/a"));
    place.run(rewrite).ok();
}
