//! Small locks of Poetry 2 for the audit, with invented digests.

/// One entry.
#[derive(Clone)]
pub struct Package {
    name: String,
    version: String,
    pythons: String,
    files: Vec<(String, String)>,
    source: Option<(String, String)>,
    dependencies: Vec<String>,
}

impl Package {
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            pythons: ">=3.6".to_owned(),
            files: Vec::new(),
            source: None,
            dependencies: Vec::new(),
        }
    }

    pub fn files(mut self, names: &[&str]) -> Self {
        self.files.extend(names.iter().map(|name| ((*name).to_owned(), format!("sha256:{}", "a".repeat(64)))));
        self
    }

    pub fn file(mut self, name: &str, sha256: &str) -> Self {
        self.files.push((name.to_owned(), format!("sha256:{sha256}")));
        self
    }

    pub fn weak(mut self, name: &str) -> Self {
        self.files.push((name.to_owned(), format!("md5:{}", "a".repeat(32))));
        self
    }

    pub fn pythons(mut self, pythons: &str) -> Self {
        self.pythons = pythons.to_owned();
        self
    }

    pub fn source(mut self, kind: &str, url: &str) -> Self {
        self.source = Some((kind.to_owned(), url.to_owned()));
        self
    }

    pub fn needs(mut self, name: &str) -> Self {
        self.dependencies.push(name.to_owned());
        self
    }

    fn text(&self) -> String {
        let Self { name, version, pythons, files, source, dependencies } = self;
        let mut text = format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \"{pythons}\"\ngroups = [\"main\"]\nfiles = [\n"
        );
        for (file, hash) in files {
            text.push_str(&format!("    {{file = \"{file}\", hash = \"{hash}\"}},\n"));
        }
        text.push_str("]\n");
        if !dependencies.is_empty() {
            text.push_str("\n[package.dependencies]\n");
            text.extend(dependencies.iter().map(|name| format!("{name} = \"*\"\n")));
        }
        if let Some((kind, url)) = source {
            text.push_str(&format!("\n[package.source]\ntype = \"{kind}\"\nurl = \"{url}\"\n"));
            if kind == "git" {
                text.push_str("reference = \"HEAD\"\nresolved_reference = \"0000\"\n");
            }
        }
        text
    }
}

/// A `poetry.lock` of these, for Python 3.6 and newer.
pub fn lock(packages: &[Package]) -> String {
    let entries: Vec<String> = packages.iter().map(Package::text).collect();
    let end = "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.6\"\ncontent-hash = \"0\"\n";
    format!("{}\n{end}", entries.join("\n"))
}
