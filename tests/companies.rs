//! Indexes as companies run them: Artifactory, Nexus, devpi and a copy of PyTorch's tree, each with its addresses, links
//! and logins. Their behaviour follows reports of their users; the wheels are made here.

mod learn;

use crate::catalog_update::sha256;
use crate::support::server::{Fault, Server};
use crate::support::wheel::Wheel;
use crate::support::{Place, Run};

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// HTML alone; files lie by name and version, and are linked to by where they lie from the page.
    Artifactory,
    /// The same of an old release: its links have a digest that is no sha256.
    OldArtifactory,
    /// As Artifactory, with tags of its own.
    Nexus,
    /// JSON; files lie by parts of their digest.
    Devpi,
    /// HTML, where a devpi is asked through a proxy that does not pass on what the client reads.
    DevpiInHtml,
    /// PyTorch's own folders.
    Tree,
}

/// One index of a company.
struct Repository<'s> {
    server: &'s Server,
    kind: Kind,
    name: &'static str,
    pages: std::cell::RefCell<std::collections::BTreeMap<String, Vec<String>>>,
}

impl<'s> Repository<'s> {
    fn new(server: &'s Server, kind: Kind, name: &'static str) -> Self {
        Self { server, kind, name, pages: Default::default() }
    }

    /// The path of its base.
    fn base(&self) -> String {
        let name = self.name;
        match self.kind {
            Kind::Artifactory | Kind::OldArtifactory => format!("/artifactory/api/pypi/{name}/simple"),
            Kind::Nexus => format!("/repository/{name}/simple"),
            Kind::Devpi | Kind::DevpiInHtml => format!("/company/{name}/+simple"),
            Kind::Tree => format!("/copy/{name}/whl/cu130"),
        }
    }

    /// Its address, with a login.
    fn url(&self) -> String {
        self.server.url(&self.base()).replace("http://", "http://me:secret@")
    }

    /// Puts a wheel there; gives its digest and where it lies.
    fn put(&self, wheel: &Wheel) -> (String, String) {
        let (bytes, file) = (wheel.bytes(), wheel.file.replace('+', "%2B"));
        let digest = sha256(&bytes);
        let mut parts = wheel.file.split('-');
        let (name, version) = (parts.next().unwrap().replace('_', "-"), parts.next().unwrap());
        let (base, below) = (self.base(), |more: String| format!("{}/{more}", self.base().rsplit_once('/').unwrap().0));
        let (path, link) = match self.kind {
            Kind::Artifactory | Kind::OldArtifactory | Kind::Nexus => {
                let rest = format!("packages/{name}/{version}/{file}");
                (below(rest.clone()), format!("../../{rest}"))
            }
            Kind::Devpi | Kind::DevpiInHtml => {
                let rest = format!("+f/{}/{}/{file}", &digest[..3], &digest[3..16]);
                (below(rest.clone()), format!("../../{rest}"))
            }
            Kind::Tree => (format!("{base}/{file}"), format!("{base}/{file}")),
        };
        self.server.file(&path, "application/octet-stream", bytes);
        let entry = match self.kind {
            Kind::Devpi => format!(
                "{{\"filename\": \"{}\", \"url\": \"{link}\", \"hashes\": {{\"sha256\": \"{digest}\"}}, \"requires-python\": \">=3.8\"}}",
                wheel.file
            ),
            Kind::OldArtifactory => format!("<a href=\"{link}#md5={}\" >{}</a>", "0".repeat(32), wheel.file),
            Kind::Artifactory | Kind::Nexus | Kind::DevpiInHtml | Kind::Tree => format!(
                "<a href=\"{link}#sha256={digest}\" rel=\"internal\" data-requires-python=\"&gt;=3.8\" >{}</a><br/>",
                wheel.file
            ),
        };
        let page = format!("{base}/{}/", name.to_ascii_lowercase());
        let mut pages = self.pages.borrow_mut();
        let entries = pages.entry(page.clone()).or_default();
        entries.push(entry);
        if self.kind == Kind::Devpi {
            let text = format!(
                "{{\"meta\": {{\"api-version\": \"1.0\"}}, \"name\": \"{name}\", \"files\": [{}]}}",
                entries.join(", ")
            );
            self.server.file(&page, "application/vnd.pypi.simple.v1+json", text);
        } else {
            let head =
                "<!DOCTYPE html>\n<html><head><title>Links</title><meta name=\"api-version\" value=\"2\"/></head>";
            self.server.file(
                &page,
                "text/html; charset=utf-8",
                format!("{head}<body>{}</body></html>", entries.join("\n")),
            );
        }
        (digest, path)
    }
}

const KINDS: [Kind; 6] =
    [Kind::Artifactory, Kind::OldArtifactory, Kind::Nexus, Kind::Devpi, Kind::DevpiInHtml, Kind::Tree];

fn run(place: &Place, arguments: &str, variables: &[(&str, &str)]) -> Run {
    Run::new(&place.command(arguments).envs(variables.iter().copied()).output().unwrap())
}

fn wheel(file: &str, requires: &[&str]) -> Wheel {
    Wheel::new(file).requires(requires)
}

const TORCH: &str = "torch-2.99.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl";
const REQUIRES: [&str; 3] = ["triton==3.99.0", "nvidia-nccl-cu13==2.99.1", "filelock"];

/// A lock with torch.
fn place() -> Place {
    let place = Place::new();
    place.write("requirements.txt", format!("torch==2.99.0 --hash=sha256:{}\n", "f".repeat(64)));
    place
}

/// torch, triton and a library of NVIDIA's lie on a company's copy of PyTorch's index, the rest on its default index, and all
/// of it behind a login.
#[test]
fn what_a_company_s_indexes_have_is_learned_and_taken_from_there() {
    for kind in KINDS {
        let server = Server::new();
        let (own, default) = (Repository::new(&server, kind, "pytorch"), Repository::new(&server, kind, "all"));
        let (torch, torch_path) = own.put(&wheel(TORCH, &REQUIRES));
        let (triton, triton_path) = own.put(&wheel("triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &[]));
        let (nccl, nccl_path) = own.put(&wheel("nvidia_nccl_cu13-2.99.1-py3-none-manylinux_2_18_x86_64.whl", &[]));
        // A stranger's triton, and torch's own stale copy of what is not for GPUs.
        default.put(&wheel("triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &["malware"]));
        own.put(&wheel("filelock-3.0.0-py3-none-any.whl", &[]));
        let (filelock, _) = default.put(&wheel("filelock-4.0.0-py3-none-any.whl", &[]));
        server.password("Basic bWU6c2VjcmV0");
        let place = place();
        let mut update = format!("catalog update torch==2.99.0 --cuda 13.0 --index {}", own.url());
        let variables = [("PIP_INDEX_URL", default.url())];
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, url)| (*name, url.as_str())).collect();
        if kind == Kind::OldArtifactory {
            let message = run(&place, &update, &variables).refused();
            assert!(
                message.contains("gives no digest for torch-2.99.0") && message.contains("--hash-missing"),
                "{message}"
            );
            update.push_str(" --hash-missing");
        }
        let learned = run(&place, &update, &variables);
        assert_eq!(learned.status, 0, "{kind:?}: {}", learned.stderr);
        assert!(!learned.stderr.contains("no index has") && !learned.stderr.contains("secret"), "{}", learned.stderr);
        let asked = server.log().len();
        let output = run(&place, "export --cuda 13.0 --python 3.12 -q", &[]).ok();
        assert_eq!(server.log().len(), asked, "{kind:?}: the export asked");
        for (name, digest, path) in
            [("torch", &torch, &torch_path), ("triton", &triton, &triton_path), ("nvidia-nccl-cu13", &nccl, &nccl_path)]
        {
            let line = format!("{name} @ {} \\\n    --hash=sha256:{digest}\n", server.url(path));
            assert!(output.contains(&line), "{kind:?}: {line}{output}");
        }
        assert!(output.contains(&format!("filelock==4.0.0 \\\n    --hash=sha256:{filelock}\n")), "{output}");
        for text in [&output, &place.read("torchswap-catalog.tsv")] {
            assert!(!text.contains("secret") && !text.contains("malware"), "{text}");
        }
        // What was made so is known again.
        place.write("out.txt", &output);
        let again = run(&place, "export --cuda 13.0 --python 3.12 out.txt", &[]);
        assert!(again.stderr.contains("torch 2.99.0+cu130: already a cu130 build"), "{kind:?}: {}", again.stderr);
    }
}

/// One index for all: what the index of pip or uv serves needs no address in a lock.
#[test]
fn of_one_index_for_all_wheels_are_pinned_by_their_version() {
    for kind in [Kind::Artifactory, Kind::Nexus, Kind::Devpi] {
        let server = Server::new();
        let all = Repository::new(&server, kind, "all");
        let (torch, _) = all.put(&wheel(TORCH, &["triton==3.99.0"]));
        let (triton, _) = all.put(&wheel("triton-3.99.0-cp312-cp312-manylinux_2_28_x86_64.whl", &[]));
        let (place, base) = (place(), server.url(&all.base()));
        let variables = [("UV_DEFAULT_INDEX", base.as_str())];
        run(&place, &format!("catalog update torch==2.99.0 --cuda 13.0 --index {base}/"), &variables).ok();
        let output = run(&place, "export --cuda 13.0 --python 3.12 -q", &[]).ok();
        for (pin, digest) in [("torch==2.99.0+cu130", torch), ("triton==3.99.0", triton)] {
            assert!(output.contains(&format!("{pin} \\\n    --hash=sha256:{digest}\n")), "{kind:?}: {output}");
        }
    }
}

#[test]
fn a_copy_with_other_bytes_is_refused_with_both_digests() {
    for kind in KINDS {
        let server = Server::new();
        let own = Repository::new(&server, kind, "pytorch");
        // A wheel that the built-in catalogue knows, from PyTorch's index, with other bytes.
        let (other, _) = own.put(&wheel("torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl", &["triton==2.1.0"]));
        let place = place();
        let update = format!("catalog update torch==2.1.2 --cuda 11.8 --index {} --hash-missing", own.url());
        let message = run(&place, &update, &[]).refused();
        let known = "60396358193f238888540f4a38d78485f161e28ec17fa445f0373b5350ef21f0";
        assert!(message.contains(&other) && message.contains(known), "{kind:?}: {message}");
        assert!(!place.exists("torchswap-catalog.tsv"));
    }
}

/// An index answers a client that may not see a page as if there were none, or asks for a login.
#[test]
fn an_index_that_says_no_is_reported_with_its_answer() {
    let server = Server::new();
    let own = Repository::new(&server, Kind::Artifactory, "pytorch");
    let update = format!("catalog update torch==2.99.0 --cuda 13.0 --index {}", own.url());
    for (status, what) in [
        (404, "/artifactory/api/pypi/pytorch/simple has no page of torch: there is no "),
        (403, "/simple/torch/, or it may not be seen (status 403)"),
        (401, "asks for a login (status 401)"),
    ] {
        server.faults(&format!("{}/torch/", own.base()), [Fault::Status(status, "")]);
        let message = run(&place(), &update, &[]).refused();
        assert!(message.contains(what) && message.contains("~/.netrc") && !message.contains("secret"), "{message}");
    }
}

/// A redirect may lead to a store that signs its addresses; nothing of that address is kept.
#[test]
fn files_may_be_served_from_a_store() {
    let (server, store) = (Server::new(), Server::new());
    let own = Repository::new(&server, Kind::OldArtifactory, "pytorch");
    let torch = wheel(TORCH, &[]);
    let (digest, path) = own.put(&torch);
    store.file("/bucket/1?signature=secret", "application/octet-stream", torch.bytes());
    server.faults(&path, vec![Fault::Redirect(store.url("/bucket/1?signature=secret")); 20]);
    let place = place();
    let index = server.url(&own.base());
    run(&place, &format!("catalog update torch==2.99.0 --cuda 13.0 --index {index} --hash-missing"), &[]).ok();
    let row = place.read("torchswap-catalog.tsv");
    assert!(row.contains(&digest) && !row.contains("bucket") && !row.contains("secret"), "{row}");
}

/// A package may lie on any of the indexes of pip and uv: an audit sees what all of them have.
#[test]
fn an_audit_asks_all_of_the_indexes_of_pip_and_uv() {
    let server = Server::new();
    let (first, second) = (Repository::new(&server, Kind::Nexus, "a"), Repository::new(&server, Kind::Devpi, "b"));
    first.put(&wheel("fast-1.0-cp39-cp39-win_amd64.whl", &[]));
    let (digest, _) = second.put(&wheel("fast-1.0-cp39-cp39-manylinux_2_28_x86_64.whl", &[]));
    let (own, _) = second.put(&wheel("own-1.0-py3-none-any.whl", &[]));
    let place = Place::new();
    place.write("requirements.txt", format!("fast==1.0 --hash=sha256:{digest}\nown==1.0 --hash=sha256:{own}\n"));
    let (a, b) = (server.url(&first.base()), server.url(&second.base()));
    let verdicts = |variables: &[(&str, &str)]| {
        let text = run(&place, "audit --python 3.9 --report json --index", variables).stdout;
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let entries = report["targets"][0]["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["verdict"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&[("PIP_INDEX_URL", &a)]), ["unknown", "unknown"]);
    assert_eq!(verdicts(&[("PIP_INDEX_URL", &a), ("PIP_EXTRA_INDEX_URL", &b)]), ["wheel", "wheel"]);
    assert_eq!(verdicts(&[("UV_INDEX", &format!("a={a} b={b}"))]), ["wheel", "wheel"]);
    let none = run(&place, "audit --python 3.9 --index", &[]).refused();
    assert!(none.contains("the default index is not known: name it with --index-url or PIP_INDEX_URL"), "{none}");
}

/// A company's own build of what wheels require goes before the public one, where uv would take it first.
#[test]
fn of_two_indexes_that_have_a_package_the_one_is_asked_that_the_installer_asks_first() {
    for (extra, expected) in [("UV_INDEX", "company"), ("PIP_EXTRA_INDEX_URL", "public")] {
        let server = Server::new();
        let [own, public, company] = ["pytorch", "all", "ours"].map(|name| Repository::new(&server, Kind::Nexus, name));
        own.put(&wheel(TORCH, &["filelock"]));
        let (all, _) = public.put(&wheel("filelock-4.0.0-py3-none-any.whl", &[]));
        let (ours, _) = company.put(&Wheel { ballast: 7, ..wheel("filelock-4.0.0-py3-none-any.whl", &[]) });
        let (place, default, more) = (place(), public.url(), format!("x={}", company.url()));
        let more = if extra == "UV_INDEX" { more.as_str() } else { &more[2..] };
        let update = format!("catalog update torch==2.99.0 --cuda 13.0 --index {}", own.url());
        run(&place, &update, &[("UV_DEFAULT_INDEX", &default), (extra, more)]).ok();
        let output = run(&place, "export --cuda 13.0 --python 3.12 -q", &[]).ok();
        let digest = if expected == "company" { &ours } else { &all };
        assert!(output.contains(&format!("filelock==4.0.0 \\\n    --hash=sha256:{digest}\n")), "{extra}: {output}");
    }
}

/// The file is the one with the digest, wherever it lies; one of its name on another index does not hinder it.
#[test]
fn the_addresses_of_a_pylock_are_looked_up_on_all_of_them() {
    let server = Server::new();
    let (first, second) =
        (Repository::new(&server, Kind::Artifactory, "a"), Repository::new(&server, Kind::Artifactory, "b"));
    let (other, _) = first.put(&Wheel { ballast: 5, ..wheel("a-1.0-py3-none-any.whl", &[]) });
    let (digest, path) = second.put(&wheel("a-1.0-py3-none-any.whl", &[]));
    let (both, in_first) = first.put(&wheel("b-1.0-py3-none-any.whl", &[]));
    second.put(&wheel("b-1.0-py3-none-any.whl", &[]));
    let place = Place::new();
    let package = |name: &str, digest: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\ndescription = \"\"\noptional = false\npython-versions = \"*\"\n\
             groups = [\"main\"]\nfiles = [\n    {{file = \"{name}-1.0-py3-none-any.whl\", hash = \"sha256:{digest}\"}},\n]\n\n"
        )
    };
    let metadata = "[metadata]\nlock-version = \"2.1\"\npython-versions = \"^3.9\"\ncontent-hash = \"\"\n";
    place.write("poetry.lock", package("a", &digest) + &package("b", &both) + metadata);
    let (a, b) = (server.url(&first.base()), server.url(&second.base()));
    let export = "export --allow-none -q --python 3.12 --index -o pylock.toml";
    let message = run(&place, export, &[("PIP_INDEX_URL", &a)]).refused();
    assert!(message.contains(&other) && message.contains(&digest) && message.contains(&a), "{message}");
    run(&place, export, &[("PIP_INDEX_URL", &a), ("PIP_EXTRA_INDEX_URL", &b)]).ok();
    let text = place.read("pylock.toml");
    assert!(text.contains(&server.url(&path)) && text.contains(&server.url(&in_first)), "{text}");
    // Each page was asked for once in that run, and that of `b` on the second index not at all.
    assert_eq!(server.count(&format!("{}/b/", second.base())), 0);
    assert_eq!(server.count(&format!("{}/a/", second.base())), 1);
}
