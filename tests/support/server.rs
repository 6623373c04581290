//! An index on the loopback that behaves as PyTorch's does, and misbehaves on demand.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    headers: HashMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The range asked for, as first and one past the last byte of a file of this length.
    fn range(&self, length: usize) -> Option<(usize, usize)> {
        let (start, end) = self.header("range").strip_prefix("bytes=")?.split_once('-')?;
        Some(match (start.parse::<usize>(), end.parse::<usize>()) {
            (Ok(start), Ok(end)) => (start, length.min(end + 1)),
            (Ok(start), Err(_)) => (start, length),
            (Err(_), Ok(count)) => (length.saturating_sub(count), length),
            (Err(_), Err(_)) => return None,
        })
    }
}

/// What goes wrong with one answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing.
    None,
    /// The connection is closed after so many bytes of the body.
    Cut(usize),
    /// As `Cut`, but reset.
    Reset(usize),
    /// No more comes after so many bytes, for as long as the server lives.
    Stall(usize),
    /// So many bytes at a time, with so many milliseconds between.
    Slow(usize, u64),
    /// Another status, perhaps with `Retry-After`.
    Status(u16, &'static str),
    /// The length is said to be greater by so much.
    SaysMore(usize),
    /// The length is said to be smaller by so much.
    SaysLess(usize),
    /// So many bytes more come, and the length fits; a range is said to be as it was asked for.
    Longer(usize),
    /// The last bytes are missing, and the length fits.
    Short(usize),
    /// The range is said to begin so much later than asked.
    WrongRange(usize),
    /// The range is said to begin so much later than it does, and to end so much earlier.
    Within(isize, isize),
    /// The range is of a file that is longer by so much.
    WrongTotal(usize),
    /// A bit of the body is another.
    Flip(usize),
    /// The file is another from now on, and so is its tag.
    Change,
    /// The file is another from now on, and its tag stays.
    ChangeSilently,
    /// Whatever range is asked for, that of the whole file comes.
    All,
    /// Ranges are not known: the whole file comes.
    Whole,
    /// No tag and no date.
    Untagged,
    /// The length is not said; the body ends with the connection.
    NoLength,
    /// It lies elsewhere.
    Redirect(String),
    /// Ranges from the end are not known.
    NoSuffix,
    /// The body is said to be compressed.
    Gzip,
}

#[derive(Debug, Clone, Default)]
struct File {
    bytes: Arc<Vec<u8>>,
    kind: String,
    tag: u32,
    gzip: bool,
}

#[derive(Debug, Default)]
struct Site {
    files: BTreeMap<String, File>,
    faults: HashMap<String, Vec<Fault>>,
    log: Vec<Request>,
    password: Option<String>,
    untagged: bool,
}

/// The server; it ends with the test.
#[derive(Debug)]
pub struct Server {
    pub base: String,
    site: Arc<Mutex<Site>>,
    over: Arc<AtomicBool>,
}

impl Server {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let site = Arc::new(Mutex::new(Site::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&site), Arc::clone(&over));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let (site, over) = (Arc::clone(&shared), Arc::clone(&ended));
                // A client that went away is no concern of the server.
                thread::spawn(move || stream.and_then(|stream| serve(stream, &site, &over)));
            }
        });
        Self { base, site, over }
    }

    /// Serves a file; `path` begins with a slash.
    pub fn file(&self, path: &str, kind: &str, bytes: impl Into<Vec<u8>>) -> &Self {
        let file = File { bytes: Arc::new(bytes.into()), kind: kind.to_owned(), ..File::default() };
        self.site.lock().unwrap().files.insert(path.to_owned(), file);
        self
    }

    /// Serves a page of links.
    pub fn page(&self, path: &str, html: &str) -> &Self {
        self.file(path, "text/html", html)
    }

    /// Serves bytes that are a compressed page.
    pub fn gzip(&self, path: &str, kind: &str, bytes: Vec<u8>) -> &Self {
        let file = File { bytes: Arc::new(bytes), kind: kind.to_owned(), gzip: true, tag: 0 };
        self.site.lock().unwrap().files.insert(path.to_owned(), file);
        self
    }

    /// The bytes of a file that is served.
    pub fn served(&self, path: &str) -> Vec<u8> {
        self.site.lock().unwrap().files[path].bytes.to_vec()
    }

    /// What goes wrong with the next answers for a path, in order.
    pub fn faults(&self, path: &str, faults: impl IntoIterator<Item = Fault>) -> &Self {
        let mut all: Vec<Fault> = faults.into_iter().collect();
        all.reverse();
        self.site.lock().unwrap().faults.insert(path.to_owned(), all);
        self
    }

    /// From now on every request needs this `Authorization`.
    pub fn password(&self, authorization: &str) -> &Self {
        self.site.lock().unwrap().password = Some(authorization.to_owned());
        self
    }

    /// From now on no file has a tag.
    pub fn untagged(&self) -> &Self {
        self.site.lock().unwrap().untagged = true;
        self
    }

    /// All requests so far.
    pub fn log(&self) -> Vec<Request> {
        self.site.lock().unwrap().log.clone()
    }

    /// How many requests there were for a path.
    pub fn count(&self, path: &str) -> usize {
        self.log().iter().filter(|request| request.path == path).count()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.base.trim_start_matches("http://"));
    }
}

fn serve(mut stream: TcpStream, site: &Mutex<Site>, over: &AtomicBool) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    let mut byte = [0];
    // The last byte stays unread for now: closing a connection with something unread resets it.
    while !head.ends_with(b"\r\n\r") {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.lines();
    let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let request = Request { path, headers };
    let (file, fault, untagged) = {
        let mut site = site.lock().unwrap();
        site.log.push(request.clone());
        let fault = site.faults.get_mut(&request.path).and_then(Vec::pop).unwrap_or(Fault::None);
        let locked = site.password.as_ref().is_some_and(|password| request.header("authorization") != password);
        if let (Fault::Change | Fault::ChangeSilently, Some(file)) = (&fault, site.files.get_mut(&request.path)) {
            Arc::make_mut(&mut file.bytes).iter_mut().step_by(1000).for_each(|byte| *byte ^= 1);
            file.tag += u32::from(matches!(fault, Fault::Change));
        }
        let file = site.files.get(&request.path).cloned().filter(|_| !locked);
        (if locked { Err(401) } else { file.ok_or(403) }, fault, site.untagged)
    };
    if !matches!(fault, Fault::Reset(_)) {
        stream.read_exact(&mut byte)?;
    }
    let mut send = |text: &str| stream.write_all(text.as_bytes());
    let file = match (file, &fault) {
        (_, Fault::Status(status, "")) => return send(&plain(*status, "")),
        (_, Fault::Status(status, after)) => return send(&plain(*status, &format!("Retry-After: {after}\r\n"))),
        (_, Fault::Redirect(to)) => return send(&plain(302, &format!("Location: {to}\r\n"))),
        (Err(status), _) => return send(&plain(status, "")),
        (Ok(file), _) => file,
    };
    let length = file.bytes.len();
    let tag = format!("\"v{}\"", file.tag);
    let unchanged = ["", tag.as_str()].contains(&request.header("if-range"));
    let known = !matches!(fault, Fault::Whole) && unchanged;
    let range = request.range(length).filter(|_| known);
    let suffix = request.header("range").starts_with("bytes=-") && matches!(fault, Fault::NoSuffix);
    if suffix || range.is_some_and(|(start, end)| start >= end) {
        return send(&plain(416, &format!("Content-Range: bytes */{length}\r\n")));
    }
    let (start, end) = range.filter(|_| !matches!(fault, Fault::All)).unwrap_or((0, length));
    let mut body = file.bytes[start..end].to_vec();
    if let Fault::Short(by) = fault {
        body.truncate(body.len().saturating_sub(by));
    }
    if let Fault::Longer(by) = fault {
        body.resize(body.len() + by, 0);
    }
    if let Fault::Flip(at) = fault {
        body[at] ^= 4;
    }
    let said = match fault {
        Fault::SaysMore(by) => body.len() + by,
        Fault::SaysLess(by) => body.len() - by,
        _ => body.len(),
    };
    let mut answer = format!(
        "HTTP/1.1 {}\r\nConnection: close\r\nContent-Type: {}\r\n",
        if range.is_some() { "206 Part" } else { "200 OK" },
        file.kind
    );
    if !matches!(fault, Fault::NoLength) {
        answer.push_str(&format!("Content-Length: {said}\r\n"));
    }
    if !untagged && !matches!(fault, Fault::Untagged) {
        answer.push_str(&format!("ETag: {tag}\r\n"));
    }
    if file.gzip || matches!(fault, Fault::Gzip) {
        answer.push_str("Content-Encoding: gzip\r\n");
    }
    if range.is_some() {
        let shift = if let Fault::WrongRange(by) = fault { by } else { 0 };
        let more = if let Fault::WrongTotal(by) = fault { by } else { 0 };
        let (late, early) = if let Fault::Within(late, early) = fault { (late, early) } else { (0, 0) };
        answer.push_str(&format!(
            "Content-Range: bytes {}-{}/{}\r\n",
            (start + shift).saturating_add_signed(late),
            (end - 1 + shift).saturating_add_signed(-early),
            length + more + shift
        ));
    }
    send(&format!("{answer}\r\n"))?;
    match fault {
        Fault::Cut(at) | Fault::Reset(at) => {
            stream.write_all(&body[..at.min(body.len())])?;
            stream.flush()
        }
        Fault::Stall(at) => {
            stream.write_all(&body[..at.min(body.len())])?;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        Fault::Slow(piece, pause) => body.chunks(piece).try_for_each(|bytes| {
            thread::sleep(Duration::from_millis(pause));
            stream.write_all(bytes)
        }),
        _ => stream.write_all(&body),
    }
}

fn plain(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: 0\r\n\r\n")
}
