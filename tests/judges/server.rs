//! A server on the loopback that serves files from memory.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What is served, by path.
type Files = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Serves until the process ends.
pub struct Server {
    port: u16,
    files: Files,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let files = Files::default();
        let shared = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = Arc::clone(&shared);
                std::thread::spawn(move || answer(&stream, &files));
            }
        });
        Self { port, files }
    }

    /// The URL of a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), content.into());
    }
}

/// Answers the requests of one connection. A client that goes away ends it.
fn answer(mut stream: &TcpStream, files: &Files) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // The only character that a wheel's URL has to escape.
        let path = path.replace("%2B", "+").replace("%2b", "+");
        let found = files.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
        let (status, kind, body) = match found {
            Some(body) if path.ends_with('/') => ("200 OK", "text/html", body),
            Some(body) => ("200 OK", "application/octet-stream", body),
            None => ("404 Not Found", "text/plain", Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        let body = if method == "HEAD" { &[][..] } else { &body[..] };
        if stream.write_all(&[head.as_bytes(), body].concat()).is_err() {
            return;
        }
    }
}
