//! `--learn` from the indexes of companies: one for each build, or one for all builds.

use super::{KINDS, Kind, REQUIRES, Repository, TORCH, place, run, wheel};
use crate::support::server::{Fault, Server};
use crate::support::{Place, Run};

const EXPORT: &str = "export --cuda 13.0 --python 3.12 --learn --hash-missing --retries 0 -o out.txt";

/// What torch and a company's default index need.
fn needs(own: &Repository<'_>, default: &Repository<'_>) {
    own.put(&wheel("triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &[]));
    own.put(&wheel("nvidia_nccl_cu13-2.99.1-py3-none-manylinux_2_18_x86_64.whl", &[]));
    default.put(&wheel("triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &["malware"]));
    default.put(&wheel("filelock-4.0.0-py3-none-any.whl", &[]));
}

#[test]
fn where_each_build_has_an_index_the_address_says_where_its_name_goes() {
    for kind in KINDS {
        let server = Server::new();
        let [own, other] = ["pytorch-cu130", "pytorch-cu126"].map(|name| Repository::new(&server, kind, name));
        let default = Repository::new(&server, kind, "all");
        let (torch, path) = own.put(&wheel(TORCH, &REQUIRES));
        other.put(&wheel(&TORCH.replace("cu130", "cu126"), &["malware"]));
        needs(&own, &default);
        server.password("Basic bWU6c2VjcmV0");
        let place = place();
        let default = default.url();
        let export = format!("{EXPORT} --learn-index {}", own.url().replace("pytorch-cu130", "pytorch-{build}"));
        let learned = run(&place, &export, &[("PIP_INDEX_URL", &default)]);
        assert_eq!(learned.status, 0, "{kind:?}: {}", learned.stderr);
        let text = place.read("out.txt");
        let line = format!("torch @ {} \\\n    --hash=sha256:{torch}\n", server.url(&path));
        assert!(text.contains(&line) && text.contains("\ntriton @ ") && !text.contains("malware"), "{kind:?}: {text}");
        assert!(!format!("{text}{}", place.read("torchswap-catalog.tsv")).contains("secret"));
        // What stands in the address is the build that is wanted.
        assert_eq!(server.count(&format!("{}/torch/", other.base())), 0);
        let export = export.replace("--cuda 13.0", "--cuda 12.6").replace("out.txt", "other.txt");
        let message = run(&place, &export, &[("PIP_INDEX_URL", &default)]).refused();
        assert!(message.contains("malware") && server.count(&format!("{}/torch/", other.base())) == 1, "{message}");
    }
}

/// The labels tell the builds apart; a wheel without one may be for any.
#[test]
fn an_index_of_all_builds_has_the_one_that_the_label_names() {
    for kind in [Kind::Artifactory, Kind::OldArtifactory, Kind::Nexus, Kind::Devpi] {
        let server = Server::new();
        let (own, default) = (Repository::new(&server, kind, "pytorch"), Repository::new(&server, kind, "all"));
        own.put(&wheel("torch-2.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &["malware"]));
        own.put(&wheel(&TORCH.replace("cu130", "cu126"), &["malware"]));
        needs(&own, &default);
        let (place, default) = (place(), default.url());
        let export = format!("{EXPORT} --learn-index {}", own.url());
        let message = run(&place, &export, &[("PIP_INDEX_URL", &default)]).refused();
        let says = format!("{} has no wheel of torch 2.99.0 for CUDA 13.0", server.url(&own.base()));
        assert!(message.contains(&says) && !place.exists("torchswap-catalog.tsv"), "{kind:?}: {message}");
        let (torch, path) = own.put(&wheel(TORCH, &REQUIRES));
        run(&place, &export, &[("PIP_INDEX_URL", &default)]).ok();
        let text = place.read("out.txt");
        let line = format!("torch @ {} \\\n    --hash=sha256:{torch}\n", server.url(&path));
        assert!(text.contains(&line) && text.contains("\ntriton @ ") && !text.contains("malware"), "{kind:?}: {text}");
        assert!(text.contains("\nnvidia-nccl-cu13 @ "), "{kind:?}: {text}");
    }
}

/// Where the user's file of logins lies, for whoever asks an index.
#[test]
fn the_login_of_an_index_is_that_of_the_netrc() {
    let server = Server::new();
    let [own, default] = ["pytorch", "all"].map(|name| Repository::new(&server, Kind::Nexus, name));
    own.put(&wheel(TORCH, &REQUIRES));
    needs(&own, &default);
    server.password("Basic bWU6c2VjcmV0");
    let (builds, all) = (server.url(&own.base()), server.url(&default.base()));
    let me = "machine 127.0.0.1\n  login me\n  password secret\n";
    for (file, variable) in [(".netrc", None), ("_netrc", None), ("elsewhere", Some("elsewhere"))] {
        for command in [
            format!("{EXPORT} --learn-index {builds}"),
            format!("catalog update torch==2.99.0 --cuda 13.0 --index {builds} --retries 0"),
        ] {
            let place = place();
            let asks = |place: &Place| {
                let mut process = place.command(&command);
                process.env_remove("NETRC").env("HOME", place.path().join("home")).env("PIP_INDEX_URL", &all);
                process.envs(variable.map(|name| ("NETRC", place.path().join("home").join(name))));
                Run::new(&process.output().unwrap())
            };
            let message = asks(&place).refused();
            assert!(message.contains("asks for a login") && message.contains("~/.netrc"), "{message}");
            assert!(!place.exists("torchswap-catalog.tsv"));
            // A file that is named counts, and no other.
            place.write("home/_netrc", me.replace("secret", "old"));
            place.write(&format!("home/{file}"), me);
            let run = asks(&place);
            assert_eq!(run.status, 0, "{file}: {}", run.stderr);
            let kept = place.read("torchswap-catalog.tsv");
            assert!(kept.contains("wheel\ttorch\t") && !format!("{kept}{}", run.stderr).contains("secret"), "{kept}");
        }
    }
}

/// An installer asks by the normalized name. Some servers lead on to the name as its publisher writes it.
#[test]
fn names_that_a_server_does_not_normalize_are_found() {
    const FILE: &str = "Flash_Attn-2.8.3+cu130-cp312-cp312-linux_x86_64.whl";
    let server = Server::new();
    let flash = wheel(FILE, &["Torch"]);
    let (page, own) = ("/simple/flash-attn/", "/simple/Flash_Attn/");
    let file = format!("/simple/Flash_Attn/{}", FILE.replace('+', "%2B"));
    server.file(&file, "application/octet-stream", flash.bytes());
    server.page(own, &format!("<a href=\"{}#sha256={}\">{FILE}</a>", FILE.replace('+', "%2B"), flash.sha256()));
    let place = place();
    let update = format!("catalog update FLASH.attn==2.8.3 --cuda 13.0 --index {} --retries 0", server.url("/simple"));
    // Nobody guesses another spelling.
    let message = run(&place, &update, &[]).refused();
    assert!(message.contains("/simple has no page of flash-attn") && server.count(own) == 0, "{message}");
    // One that leads in a circle leads nowhere.
    server.faults(page, vec![Fault::Redirect(own.to_owned()); 50]);
    server.faults(own, vec![Fault::Redirect(page.to_owned()); 50]);
    let message = run(&place, &update, &[]).refused();
    assert!(message.contains("redirects more than 10 times") && !place.exists("torchswap-catalog.tsv"), "{message}");
    server.faults(own, []);
    run(&place, &update, &[]).ok();
    let row = place.read("torchswap-catalog.tsv");
    let reported = format!(
        "wheel\tflash-attn\t2.8.3+cu130\tcu130\t{}\t{FILE}\t{}\t",
        server.url("/simple/Flash_Attn"),
        flash.sha256()
    );
    assert!(row.contains(&reported), "{row}");
    // Whoever names it in a third way means the same.
    let reported = run(&place, "catalog list Flash-Attn==2.8.3", &[]).ok();
    assert!(reported.contains("cu130") && reported.contains(&server.url("/simple/Flash_Attn")), "{reported}");
}
